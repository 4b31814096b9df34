package io.bpfguard.policy.compiled;

/**
 * Whose process gets a signal; never the sender itself. The ordinal is the index into the table of signals
 * ({@code enum signal_target} in {@code bpf/src/main/c/ruleset.h}).
 */
public enum SignalTarget {
    /** Another process of the sender's container. */
    CONTAINER,
    /** A process of another container, or of none. */
    OUTSIDE
}
