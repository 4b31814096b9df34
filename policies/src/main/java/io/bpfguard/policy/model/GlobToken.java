package io.bpfguard.policy.model;

import java.util.List;

/** A piece of what a key or a name is compared with: of a glob whose braces have been expanded, or of a field of integers. */
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

    /**
     * Any number of bytes, also none.
     *
     * @param bytes which
     */
    record Many(ByteSet bytes) implements GlobToken {}

    /**
     * One of several sequences.
     *
     * @param alternatives the sequences
     */
    record OneOf(List<List<GlobToken>> alternatives) implements GlobToken {
        public OneOf {
            alternatives = alternatives.stream().map(List::copyOf).toList();
        }
    }
}
