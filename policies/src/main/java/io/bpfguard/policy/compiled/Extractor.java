package io.bpfguard.policy.compiled;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * How the kernel side gets a value that rules compare: {@code struct argument} of {@code bpf/src/main/c/ruleset.h}. Equal
 * extractors are one field of a key.
 *
 * @param source where the value comes from
 * @param index which argument, from 0; of a hook or function counted in registers; 0 for the number of a system call
 * @param kind what it is and how it looks in the key
 * @param offsets what is added on the way: a pointer is read behind each but the last
 * @param size how many bytes of an integer are read at the end; 0 if it is what the way comes to
 * @param shift the lowest bit of an integer that counts
 * @param bits how many bits of an integer count; 0 for strings and paths
 * @param mount for a {@link Kind#DENTRY} the argument, a {@code struct path *}, that has its mount
 */
public record Extractor(Source source, int index, Kind kind, List<Integer> offsets, int size, int shift, int bits, int mount) {
    /** {@code enum argument_source}; same order. */
    public enum Source {
        /** An argument of the hook or function. */
        ARGUMENT,
        /** The number of the system call in progress; bit 32 says that it is a 32-bit one. */
        SYSTEM_CALL,
        /** An argument of the system call in progress, as the register has it: 64 bits, or 32 for a 32-bit call. */
        REGISTER
    }

    /** {@code enum argument_kind}; same order. */
    public enum Kind {
        /** An integer, in 8 bytes. */
        UNSIGNED,
        /** An integer, sign-extended to 8 bytes. */
        SIGNED,
        /** Bytes up to a NUL. */
        STRING,
        /** A {@code struct path}. */
        PATH,
        /** A {@code struct dentry}, as a path. */
        DENTRY;

        /** Whether it has 8 bytes. */
        public boolean isInteger() {
            return this == UNSIGNED || this == SIGNED;
        }
    }

    /** The most pointers that are followed. */
    public static final int MAX_DEREFERENCES = 3;
    /** The most that a key can have. */
    public static final int MAX_PER_KEY = 8;
    /** Bytes of a {@code struct argument}. */
    public static final int SIZE = 24;
    /** The bytes of an integer in a key. */
    public static final int WIDTH = 8;

    /** In the order of the fields: what is cheap to get, and rules many cases out, first. */
    public static final Comparator<Extractor> ORDER = Comparator.comparing((Extractor extractor) -> !extractor.kind.isInteger())
            .thenComparing(extractor -> extractor.source != Source.SYSTEM_CALL)
            .thenComparing(extractor -> ByteBuffer.wrap(extractor.bytes()));

    public Extractor {
        Objects.requireNonNull(source, "source is null");
        Objects.requireNonNull(kind, "kind is null");
        offsets = List.copyOf(offsets);
        if (offsets.isEmpty() || offsets.size() > MAX_DEREFERENCES + 1) {
            throw new IllegalArgumentException(offsets.size() - 1 + " pointers to follow; 0 to " + MAX_DEREFERENCES + " are possible");
        }
        if (kind.isInteger() ? bits < 1 || shift < 0 || shift + bits > Long.SIZE : size + shift + bits != 0) {
            throw new IllegalArgumentException("no " + kind + " has " + bits + " bits from bit " + shift);
        }
        if (size != 0 && size != 1 && size != 2 && size != 4 && size != 8) {
            throw new IllegalArgumentException("no integer has " + size + " bytes");
        }
    }

    /** The number of the system call in progress: see {@link #systemCall(int, boolean)}. */
    public static final Extractor SYSTEM_CALL = new Extractor(Source.SYSTEM_CALL, 0, Kind.UNSIGNED, List.of(0), 0, 0, 64, 0);

    /** What {@link #SYSTEM_CALL} gets. */
    public static long systemCall(int number, boolean compat) {
        return (compat ? 1L << 32 : 0) | number;
    }

    /** An argument of the system call in progress, as the register has it. */
    public static Extractor register(int index) {
        return new Extractor(Source.REGISTER, index, Kind.UNSIGNED, List.of(0), 0, 0, 64, 0);
    }

    /** An argument of a hook or function that is an integer itself. */
    public static Extractor argument(int index, int bits, boolean signed) {
        return new Extractor(Source.ARGUMENT, index, signed ? Kind.SIGNED : Kind.UNSIGNED, List.of(0), 0, 0, bits, 0);
    }

    /** An argument of a hook or function that points to what is wanted: a string, or a {@code struct path}. */
    public static Extractor pointer(int index, Kind kind) {
        return new Extractor(Source.ARGUMENT, index, kind, List.of(0), 0, 0, 0, 0);
    }

    /** The {@code struct argument}. */
    public byte[] bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) source.ordinal()).put((byte) index).put((byte) kind.ordinal()).put((byte) (offsets.size() - 1))
                .put((byte) size).put((byte) shift).put((byte) bits).put((byte) mount);
        offsets.forEach(bytes::putInt);
        return bytes.array();
    }

    /** Reads a {@code struct argument} at the buffer's position. */
    static Extractor read(ByteBuffer in) {
        ByteBuffer bytes = in.slice().order(ByteOrder.LITTLE_ENDIAN);
        Integer[] offsets = new Integer[bytes.get(3) + 1];
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = bytes.getInt(8 + i * Integer.BYTES);
        }
        return new Extractor(Source.values()[bytes.get(0)], bytes.get(1), Kind.values()[bytes.get(2)], List.of(offsets), bytes.get(4),
                bytes.get(5), bytes.get(6), bytes.get(7));
    }
}
