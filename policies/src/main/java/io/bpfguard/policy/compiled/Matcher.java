package io.bpfguard.policy.compiled;

/**
 * The stock matchers of the kernel side. The ordinal is the slot of the matcher's program in the program array of each
 * hook that offers it ({@code enum matcher} in {@code bpf/src/main/c/ruleset.h}).
 */
public enum Matcher {
    /** The path of the file at hand, seen from the container's root, through one DFA; one verdict per {@link PathOperation}. */
    PATH,
    /** The name of a file system type that is about to be mounted, through one DFA. */
    FILE_SYSTEM_TYPE,
    /** The number of a capability, by table. */
    CAPABILITY,
    /** The number of the system call the task is in, by one table per ABI. */
    SYSTEM_CALL,
    /** The same verdict at each call of a hook or function. */
    ALWAYS
}
