package io.bpfguard.policy.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Sets of integers as sequences of bytes, highest byte first: what {@code KeyField}s of a fixed width are compared with. */
public final class IntegerPatterns {
    private IntegerPatterns() {}

    /** Every integer of some bytes. */
    public static List<GlobToken> any(int width) {
        return Collections.nCopies(width, new GlobToken.One(ByteSet.ALL));
    }

    /** One integer; bits over the width are not looked at. */
    public static List<GlobToken> equal(long value, int width) {
        return masked(-1, value, width);
    }

    /** The integers whose bits of {@code mask} are those of {@code value}. */
    public static List<GlobToken> masked(long mask, long value, int width) {
        List<GlobToken> tokens = new ArrayList<>();
        for (int shift = Byte.SIZE * (width - 1); shift >= 0; shift -= Byte.SIZE) {
            int byteMask = (int) (mask >>> shift) & 0xff;
            int wanted = (int) (value >>> shift) & byteMask;
            ByteSet bytes = ByteSet.NONE;
            for (int candidate = 0; candidate < 256; candidate++) {
                if ((candidate & byteMask) == wanted) {
                    bytes = bytes.union(ByteSet.of(candidate));
                }
            }
            tokens.add(new GlobToken.One(bytes));
        }
        return List.copyOf(tokens);
    }

    /** The unsigned integers from {@code first} to {@code last}, both included: at most two sequences per byte. */
    public static List<List<GlobToken>> range(long first, long last, int width) {
        if (Long.compareUnsigned(first, last) > 0) {
            throw new IllegalArgumentException("a range that ends before it begins");
        }
        List<List<GlobToken>> sequences = new ArrayList<>();
        range(first, last, width, List.of(), sequences);
        return sequences;
    }

    private static void range(long first, long last, int width, List<GlobToken> prefix, List<List<GlobToken>> sequences) {
        int low = byteOf(first, width);
        int high = byteOf(last, width);
        if (width == 1) {
            sequences.add(join(prefix, ByteSet.range(low, high), 0));
            return;
        }
        long rest = (1L << Byte.SIZE * (width - 1)) - 1;
        if (low == high) {
            range(first & rest, last & rest, width - 1, with(prefix, low), sequences);
            return;
        }
        boolean wholeLow = (first & rest) == 0;
        boolean wholeHigh = (last & rest) == rest;
        if (!wholeLow) {
            range(first & rest, rest, width - 1, with(prefix, low), sequences);
        }
        int from = wholeLow ? low : low + 1;
        int to = wholeHigh ? high : high - 1;
        if (from <= to) {
            sequences.add(join(prefix, ByteSet.range(from, to), width - 1));
        }
        if (!wholeHigh) {
            range(0, last & rest, width - 1, with(prefix, high), sequences);
        }
    }

    private static int byteOf(long value, int width) {
        return (int) (value >>> Byte.SIZE * (width - 1)) & 0xff;
    }

    private static List<GlobToken> with(List<GlobToken> prefix, int value) {
        return join(prefix, ByteSet.of(value), 0);
    }

    private static List<GlobToken> join(List<GlobToken> prefix, ByteSet bytes, int anyBytes) {
        List<GlobToken> tokens = new ArrayList<>(prefix);
        tokens.add(new GlobToken.One(bytes));
        tokens.addAll(any(anyBytes));
        return List.copyOf(tokens);
    }
}
