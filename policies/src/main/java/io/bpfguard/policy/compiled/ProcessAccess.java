package io.bpfguard.policy.compiled;

/**
 * What the opening of a file of procfs gives access to. The ordinal is the index into the table
 * ({@code enum process_access} in {@code bpf/src/main/c/ruleset.h}).
 */
public enum ProcessAccess {
    /** The memory of another process, by {@code mem}. */
    ATTACH,
    /** What another process's memory looks like: {@code environ}, {@code maps} and their like. */
    READ,
    /** Writing to the own memory by {@code mem}, which does not heed its protection. */
    OWN_MEMORY
}
