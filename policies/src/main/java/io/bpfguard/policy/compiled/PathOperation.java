package io.bpfguard.policy.compiled;

/**
 * What is done to a path. The ordinal is the index into a path verdict ({@code enum path_operation} in
 * {@code bpf/src/main/c/ruleset.h}).
 */
public enum PathOperation {
    /** The file becomes a program: execve, execveat, the interpreter of a script. */
    EXEC,
    /** The file is opened for reading. */
    READ,
    /** The file is opened for writing (also for appending). */
    WRITE
}
