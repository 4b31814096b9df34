package io.bpfguard.policy.model;

/** A piece of a glob whose braces have been expanded. */
public sealed interface GlobToken {
    /**
     * Exactly one byte.
     *
     * @param bytes which
     */
    record One(ByteSet bytes) implements GlobToken {}

    /** {@code *} in a path: any bytes but slashes, also none. */
    record Component() implements GlobToken {}

    /** {@code **}, and {@code *} in a name: any bytes, also none. */
    record Anything() implements GlobToken {}

    /** {@code **}{@code /} behind a slash: any number of whole directories with their slashes, also none. */
    record Directories() implements GlobToken {}
}
