package io.bpfguard.policy.compiled;

/**
 * What a verdict does, weakest first; where several rules match, the strongest acts. The ordinal is the kernel side's
 * number ({@code enum action} in {@code bpf/src/main/c/ruleset.h}).
 */
public enum Action {
    /** Nothing happens, nothing is reported. */
    ALLOW,
    /** The operation goes on and an event is written. */
    AUDIT,
    /** The operation is prevented with an errno and an event is written. */
    DENY,
    /**
     * The process gets SIGKILL and an event is written. On an LSM hook the operation is prevented too; on a kernel
     * function it may have its effect before the process dies.
     */
    KILL
}
