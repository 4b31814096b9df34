package io.bpfguard.ttrpc;

import java.util.Arrays;
import java.util.Random;

/// Damages bytes, the same way for the same seed.
public final class Mutator {
    private static final int[] EXTREMES = {0, 1, 0x7f, 0x80, 0xff, 0x400000, 0x400001, 0x7fffffff, 0x80000000, 0xffffffff};

    private final Random random;

    public Mutator(Random random) {
        this.random = random;
    }

    /// A copy with one to four damages.
    public byte[] mutate(byte[] original) {
        byte[] bytes = original.clone();
        for (int n = 1 + random.nextInt(4); n > 0 && bytes.length > 0; n--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt();
                case 2 -> bytes = cut(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(8)));
                case 3 -> bytes = insert(bytes, at, 1 + random.nextInt(8));
                case 4 -> extreme(bytes, at);
                default -> bytes = Arrays.copyOf(bytes, at);
            }
        }
        return bytes;
    }

    private static byte[] cut(byte[] bytes, int from, int to) {
        byte[] result = new byte[bytes.length - (to - from)];
        System.arraycopy(bytes, 0, result, 0, from);
        System.arraycopy(bytes, to, result, from, bytes.length - to);
        return result;
    }

    private byte[] insert(byte[] bytes, int at, int count) {
        byte[] extra = new byte[count];
        random.nextBytes(extra);
        byte[] result = new byte[bytes.length + count];
        System.arraycopy(bytes, 0, result, 0, at);
        System.arraycopy(extra, 0, result, at, count);
        System.arraycopy(bytes, at, result, at + count, bytes.length - at);
        return result;
    }

    private void extreme(byte[] bytes, int at) {
        int value = EXTREMES[random.nextInt(EXTREMES.length)];
        for (int i = 0; i < 4 && at + i < bytes.length; i++) {
            bytes[at + i] = (byte) (value >>> (24 - 8 * i));
        }
    }
}
