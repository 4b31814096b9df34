package io.bpfguard.policy.model;

/**
 * A set of byte values, 0 to 255.
 *
 * @param w0 bits 0 to 63
 * @param w1 bits 64 to 127
 * @param w2 bits 128 to 191
 * @param w3 bits 192 to 255
 */
public record ByteSet(long w0, long w1, long w2, long w3) {
    /** No byte. */
    public static final ByteSet NONE = new ByteSet(0, 0, 0, 0);
    /** Every byte, also those of integers. */
    public static final ByteSet ALL = NONE.complement();
    /** Every byte that can be in a string: all but NUL. */
    public static final ByteSet ANY = ALL.minus(of(0));
    /** Every byte that can be in a component of a path. */
    public static final ByteSet NOT_SLASH = ANY.minus(of('/'));

    /** One byte. */
    public static ByteSet of(int value) {
        return range(value, value);
    }

    /** The bytes from {@code first} to {@code last}, both included. */
    public static ByteSet range(int first, int last) {
        long[] words = new long[4];
        for (int value = first; value <= last; value++) {
            words[value >> 6] |= 1L << value;
        }
        return new ByteSet(words[0], words[1], words[2], words[3]);
    }

    /** Whether the byte is in the set. */
    public boolean contains(int value) {
        long word = switch (value >> 6) {
            case 0 -> w0;
            case 1 -> w1;
            case 2 -> w2;
            case 3 -> w3;
            default -> 0;
        };
        return (word >>> value & 1) != 0;
    }

    /** The byte that is in the set, if it is the only one; else -1. */
    public int single() {
        if (Long.bitCount(w0) + Long.bitCount(w1) + Long.bitCount(w2) + Long.bitCount(w3) != 1) {
            return -1;
        }
        return w0 != 0 ? Long.numberOfTrailingZeros(w0)
                : w1 != 0 ? 64 + Long.numberOfTrailingZeros(w1)
                : w2 != 0 ? 128 + Long.numberOfTrailingZeros(w2) : 192 + Long.numberOfTrailingZeros(w3);
    }

    /** What is in one of both. */
    public ByteSet union(ByteSet other) {
        return new ByteSet(w0 | other.w0, w1 | other.w1, w2 | other.w2, w3 | other.w3);
    }

    /** What is in this set and not in the other. */
    public ByteSet minus(ByteSet other) {
        return new ByteSet(w0 & ~other.w0, w1 & ~other.w1, w2 & ~other.w2, w3 & ~other.w3);
    }

    /** What is in this set and in the other. */
    public ByteSet intersection(ByteSet other) {
        return new ByteSet(w0 & other.w0, w1 & other.w1, w2 & other.w2, w3 & other.w3);
    }

    /** Whether no byte is in the set. */
    public boolean isEmpty() {
        return (w0 | w1 | w2 | w3) == 0;
    }

    private ByteSet complement() {
        return new ByteSet(~w0, ~w1, ~w2, ~w3);
    }
}
