package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A map in the kernel, by file descriptor. Keys and values are byte arrays of exactly {@link #keySize()} and {@link #valueSize()} bytes, integers in them
 * little-endian ({@link #u32}, {@link #u64}, {@link #view}).
 *
 * <p>Element operations may be called from any thread; each is one system call, and atomic in the kernel. Maps opened or created here are closed by their
 * caller; a map got from a {@link BpfObject} belongs to the object, ends with it, and ignores {@link #close()}. Closing does not destroy a map that a pin, a
 * program or another map still refers to.
 */
public final class BpfMap implements AutoCloseable {
    /** Update flag: create or replace. */
    public static final long BPF_ANY = 0;
    /** Update flag: create only, {@link AlreadyExists} otherwise. */
    public static final long BPF_NOEXIST = 1;
    /** Update flag: replace only, {@link NotFound} otherwise. */
    public static final long BPF_EXIST = 2;

    /** Creation flag: elements of a hash are allocated when used, not all at creation. */
    public static final int BPF_F_NO_PREALLOC = 1;
    /** Creation flag: programs may only read. */
    public static final int BPF_F_RDONLY_PROG = 1 << 7;
    /** Creation flag of an ARRAY: as an inner map it may have another {@code max_entries} than the template of the outer map. */
    public static final int BPF_F_INNER_MAP = 1 << 12;

    /** Layout of {@code struct bpf_map_info} (include/uapi/linux/bpf.h), up to the last field used. */
    static final int INFO_TYPE = 0;
    static final int INFO_ID = 4;
    static final int INFO_KEY_SIZE = 8;
    static final int INFO_VALUE_SIZE = 12;
    static final int INFO_MAX_ENTRIES = 16;
    static final int INFO_FLAGS = 20;
    static final int INFO_NAME = 24;
    static final int INFO_SIZE = 40;
    static final int NAME_LENGTH = 16;

    /** Layout of {@code union bpf_attr} for BPF_MAP_CREATE, for the element commands, and for the batch commands. */
    static final int CREATE_TYPE = 0;
    static final int CREATE_KEY_SIZE = 4;
    static final int CREATE_VALUE_SIZE = 8;
    static final int CREATE_MAX_ENTRIES = 12;
    static final int CREATE_FLAGS = 16;
    static final int CREATE_INNER_MAP_FD = 20;
    static final int CREATE_NAME = 28;
    static final int ELEM_MAP_FD = 0;
    static final int ELEM_KEY = 8;
    static final int ELEM_VALUE = 16;
    static final int ELEM_FLAGS = 24;
    static final int BATCH_KEYS = 16;
    static final int BATCH_VALUES = 24;
    static final int BATCH_COUNT = 32;
    static final int BATCH_MAP_FD = 36;
    static final int BATCH_ELEM_FLAGS = 40;

    private static final int BATCH_BYTES = 1 << 20;

    /** {@code enum bpf_map_type}, as far as BPFGuard meets it; constants spelled and numbered by the kernel. */
    public enum Type {
        HASH(1), ARRAY(2), PROG_ARRAY(3), PERF_EVENT_ARRAY(4), PERCPU_HASH(5), PERCPU_ARRAY(6), STACK_TRACE(7), CGROUP_ARRAY(8), LRU_HASH(9),
        LRU_PERCPU_HASH(10), LPM_TRIE(11), ARRAY_OF_MAPS(12), HASH_OF_MAPS(13), SK_STORAGE(24), RINGBUF(27), INODE_STORAGE(28), TASK_STORAGE(29),
        BLOOM_FILTER(30), USER_RINGBUF(31), CGRP_STORAGE(32),
        /** A type this enum does not list. */
        OTHER(-1);

        private final int number;

        Type(int number) {
            this.number = number;
        }

        /** The kernel's number. */
        public int number() {
            return number;
        }

        static Type of(int number) {
            for (Type type : values()) {
                if (type.number == number) {
                    return type;
                }
            }
            return OTHER;
        }

        boolean perCpu() {
            return this == PERCPU_HASH || this == PERCPU_ARRAY || this == LRU_PERCPU_HASH;
        }

        private boolean indexed() {
            return this == ARRAY || this == PERCPU_ARRAY || this == PROG_ARRAY || this == ARRAY_OF_MAPS;
        }
    }

    /**
     * What the kernel says about a map.
     *
     * @param id        unique while the map lives; what a look-up in an outer map returns
     * @param keySize   bytes
     * @param valueSize bytes, of one CPU for per-CPU types
     * @param flags     the creation flags
     * @param name      at most 15 characters
     */
    public record Info(int id, Type type, int keySize, int valueSize, int maxEntries, int flags, String name) {}

    /** One element. The arrays are not copied. */
    public record Entry(byte[] key, byte[] value) {}

    private final Fd fd;
    private final boolean owned;
    private final Info info;
    private final int valueBytes;

    private BpfMap(Fd fd, boolean owned) {
        this.fd = fd;
        this.owned = owned;
        this.info = readInfo(fd.number());
        this.valueBytes = info.type.perCpu() ? Math.multiplyExact((info.valueSize + 7) & ~7, Cpus.possible()) : info.valueSize;
    }

    /** Takes the descriptor over: it is closed with the map, and at once if the map cannot be read. */
    static BpfMap owning(int fd) {
        Fd owned = new Fd(fd);
        try {
            return new BpfMap(owned, true);
        } catch (RuntimeException | Error failure) {
            owned.close();
            throw failure;
        }
    }

    /** The descriptor stays its object's; see {@link #forget()}. */
    static BpfMap borrowing(int fd) {
        return new BpfMap(new Fd(fd), false);
    }

    /**
     * Creates a map of its own, with no type information.
     *
     * @param name       at most 15 characters of {@code [A-Za-z0-9_.]}
     * @param keySize    bytes; 0 for a ring buffer
     * @param valueSize  bytes; 4 for types that hold descriptors, 0 for a ring buffer
     * @param maxEntries elements; bytes (a power of two, of whole pages) for a ring buffer
     * @param flags      {@code BPF_F_*} creation flags
     * @throws BpfException if the kernel refuses
     */
    public static BpfMap create(Type type, String name, int keySize, int valueSize, int maxEntries, int flags) {
        return create(type, name, keySize, valueSize, maxEntries, flags, 0);
    }

    /**
     * Creates a map of maps.
     *
     * @param type  {@link Type#ARRAY_OF_MAPS} or {@link Type#HASH_OF_MAPS}
     * @param inner the template for what may be put in: same type, key and value size; same {@code max_entries} too for an ARRAY without
     *              {@link #BPF_F_INNER_MAP}. It is only read, and may be closed afterwards
     */
    public static BpfMap createOuter(Type type, String name, int keySize, int maxEntries, BpfMap inner) {
        return create(type, name, keySize, Integer.BYTES, maxEntries, 0, inner.fd());
    }

    private static BpfMap create(Type type, String name, int keySize, int valueSize, int maxEntries, int flags, int innerFd) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        if (bytes.length >= NAME_LENGTH) {
            throw new IllegalArgumentException("map name is longer than 15 characters: " + name);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = Kernel.attr(arena);
            attr.set(JAVA_INT, CREATE_TYPE, type.number);
            attr.set(JAVA_INT, CREATE_KEY_SIZE, keySize);
            attr.set(JAVA_INT, CREATE_VALUE_SIZE, valueSize);
            attr.set(JAVA_INT, CREATE_MAX_ENTRIES, maxEntries);
            attr.set(JAVA_INT, CREATE_FLAGS, flags);
            attr.set(JAVA_INT, CREATE_INNER_MAP_FD, innerFd);
            MemorySegment.copy(bytes, 0, attr, JAVA_BYTE, CREATE_NAME, bytes.length);
            int result = Kernel.bpf(Kernel.BPF_MAP_CREATE, attr);
            if (result < 0) {
                throw BpfException.of("creating map " + name + " (" + type + ", " + maxEntries + " entries)", -result, "");
            }
            return owning(result);
        }
    }

    /**
     * Opens a pinned map.
     *
     * @throws NotFound     if nothing is pinned there
     * @throws BpfException if it is a program or a link
     */
    public static BpfMap openPinned(Path path) {
        return owning(BpfFs.open(path, BpfFs.Kind.MAP));
    }

    /**
     * Opens a map by its id, for instance one that a look-up in an outer map returned.
     *
     * @throws NotFound if no such map lives
     */
    public static BpfMap openId(int id) {
        return owning(BpfFs.openId(Kernel.BPF_MAP_GET_FD_BY_ID, "map", id));
    }

    private static Info readInfo(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = BpfFs.info(arena, fd, INFO_SIZE, "map");
            return new Info(
                    info.get(JAVA_INT, INFO_ID), Type.of(info.get(JAVA_INT, INFO_TYPE)), info.get(JAVA_INT, INFO_KEY_SIZE),
                    info.get(JAVA_INT, INFO_VALUE_SIZE), info.get(JAVA_INT, INFO_MAX_ENTRIES), info.get(JAVA_INT, INFO_FLAGS),
                    info.asSlice(INFO_NAME, NAME_LENGTH).getString(0, StandardCharsets.US_ASCII));
        }
    }

    /** What the kernel said when the map was opened; none of it changes. */
    public Info info() {
        return info;
    }

    /** The descriptor's number; it stays this object's. */
    public int fd() {
        return fd.number();
    }

    /** Bytes of a key. */
    public int keySize() {
        return info.keySize;
    }

    /** Bytes of a value as it is passed here: for per-CPU types that of all possible CPUs together, each rounded up to 8 bytes. */
    public int valueSize() {
        return valueBytes;
    }

    /**
     * The value of a key, or empty if it has none. In a map of maps and in a program array the value is the id (u32) of what is there.
     *
     * @param key {@link #keySize()} bytes; for a task storage the number of a pidfd
     */
    public Optional<byte[]> lookup(byte[] key) {
        return read(Kernel.BPF_MAP_LOOKUP_ELEM, "look-up in", key);
    }

    /** Removes a key and returns the value that it had, in one step; hashes only. Empty if it had none. */
    public Optional<byte[]> lookupAndDelete(byte[] key) {
        return read(Kernel.BPF_MAP_LOOKUP_AND_DELETE_ELEM, "look-up and delete in", key);
    }

    private Optional<byte[]> read(int command, String verb, byte[] key) {
        checkSize("key", key, info.keySize);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(Math.max(valueBytes, 1), 8);
            int result = element(arena, command, arena.allocateFrom(JAVA_BYTE, key), value, 0);
            if (result == -Errno.ENOENT) {
                return Optional.empty();
            }
            if (result < 0) {
                throw failure(verb, key, -result);
            }
            return Optional.of(value.asSlice(0, valueBytes).toArray(JAVA_BYTE));
        }
    }

    /** {@link #update(byte[], byte[], long)} with {@link #BPF_ANY}. */
    public void update(byte[] key, byte[] value) {
        update(key, value, BPF_ANY);
    }

    /**
     * Writes one element; readers see the old value or the new one, except within a value of an ARRAY, which is copied in place.
     *
     * @throws MapFull          if a hash has no room for a new key
     * @throws AlreadyExists    with {@link #BPF_NOEXIST}
     * @throws NotFound         with {@link #BPF_EXIST}
     * @throws PermissionDenied if the map is frozen
     */
    public void update(byte[] key, byte[] value, long flags) {
        checkSize("key", key, info.keySize);
        checkSize("value", value, valueBytes);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment aligned = arena.allocate(Math.max(valueBytes, 1), 8);
            MemorySegment.copy(value, 0, aligned, JAVA_BYTE, 0, value.length);
            int result = element(arena, Kernel.BPF_MAP_UPDATE_ELEM, arena.allocateFrom(JAVA_BYTE, key), aligned, flags);
            if (result < 0) {
                throw failure("update of", key, -result);
            }
        }
    }

    /** Puts a map into a map of maps; the kernel keeps its own reference, so {@code inner} may be closed afterwards. */
    public void update(byte[] key, BpfMap inner) {
        update(key, u32(inner.fd()), BPF_ANY);
    }

    /** Puts a program into a program array; the kernel keeps its own reference. */
    public void update(byte[] key, BpfProgram program) {
        update(key, u32(program.fd()), BPF_ANY);
    }

    /**
     * Writes many elements with few system calls, in order. Where the kernel has no batch command for the map's type they are written one by one.
     *
     * @throws BpfException as for {@link #update(byte[], byte[], long)}; the elements before the failing one are written then
     */
    public void updateAll(List<Entry> entries) {
        int chunk = Math.max(1, BATCH_BYTES / Math.max(1, info.keySize + valueBytes));
        for (int from = 0; from < entries.size(); from += chunk) {
            List<Entry> part = entries.subList(from, Math.min(entries.size(), from + chunk));
            int written = updateBatch(part);
            // Also after a failure: the single update of the element at fault names it and the reason.
            part.subList(written, part.size()).forEach(entry -> update(entry.key, entry.value));
        }
    }

    /** Returns how many elements the kernel wrote; 0 if it has no such command for this type of map. */
    private int updateBatch(List<Entry> entries) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment keys = arena.allocate((long) entries.size() * info.keySize, 8);
            MemorySegment values = arena.allocate((long) entries.size() * valueBytes, 8);
            for (int i = 0; i < entries.size(); i++) {
                Entry entry = entries.get(i);
                checkSize("key", entry.key, info.keySize);
                checkSize("value", entry.value, valueBytes);
                MemorySegment.copy(entry.key, 0, keys, JAVA_BYTE, (long) i * info.keySize, info.keySize);
                MemorySegment.copy(entry.value, 0, values, JAVA_BYTE, (long) i * valueBytes, valueBytes);
            }
            MemorySegment attr = Kernel.attr(arena);
            attr.set(JAVA_LONG, BATCH_KEYS, keys.address());
            attr.set(JAVA_LONG, BATCH_VALUES, values.address());
            attr.set(JAVA_INT, BATCH_COUNT, entries.size());
            attr.set(JAVA_INT, BATCH_MAP_FD, fd.number());
            attr.set(JAVA_LONG, BATCH_ELEM_FLAGS, BPF_ANY);
            int result = Kernel.bpf(Kernel.BPF_MAP_UPDATE_BATCH, attr);
            if (result >= 0) {
                return entries.size();
            }
            // The kernel writes the count back only once it got as far as the elements (generic_map_update_batch); before that it is our own number.
            int written = attr.get(JAVA_INT, BATCH_COUNT);
            return written < entries.size() ? written : 0;
        }
    }

    /** Removes a key; false if it was not there. */
    public boolean delete(byte[] key) {
        checkSize("key", key, info.keySize);
        try (Arena arena = Arena.ofConfined()) {
            int result = element(arena, Kernel.BPF_MAP_DELETE_ELEM, arena.allocateFrom(JAVA_BYTE, key), MemorySegment.NULL, 0);
            if (result == -Errno.ENOENT) {
                return false;
            }
            if (result < 0) {
                throw failure("delete in", key, -result);
            }
            return true;
        }
    }

    /**
     * The keys now in the map, each once. Of keys added or removed meanwhile some may be missing: the kernel's iteration starts over when the key that it stands
     * on is gone, and this method gives up on a map that changes faster than it can be read.
     */
    public List<byte[]> keys() {
        List<byte[]> keys = new ArrayList<>();
        Set<ByteBuffer> seen = new HashSet<>();
        long patience = 4L * Integer.toUnsignedLong(info.maxEntries) + 16;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment previous = MemorySegment.NULL;
            MemorySegment current = arena.allocate(info.keySize, 8);
            MemorySegment next = arena.allocate(info.keySize, 8);
            MemorySegment attr = Kernel.attr(arena);
            while (patience-- > 0) {
                attr.set(JAVA_INT, ELEM_MAP_FD, fd.number());
                attr.set(JAVA_LONG, ELEM_KEY, previous.address());
                attr.set(JAVA_LONG, ELEM_VALUE, next.address());
                int result = Kernel.bpf(Kernel.BPF_MAP_GET_NEXT_KEY, attr);
                if (result == -Errno.ENOENT) {
                    break;
                }
                if (result < 0) {
                    throw BpfException.of("iteration over map " + info.name, -result, "");
                }
                byte[] key = next.toArray(JAVA_BYTE);
                if (seen.add(ByteBuffer.wrap(key))) {
                    keys.add(key);
                }
                MemorySegment swap = current;
                previous = next;
                current = next;
                next = swap;
            }
        }
        return keys;
    }

    /** The elements now in the map; the remarks on {@link #keys()} apply. */
    public List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        for (byte[] key : keys()) {
            lookup(key).ifPresent(value -> entries.add(new Entry(key, value)));
        }
        return entries;
    }

    /** Makes the map unwritable from user space for good; programs may still write. Freezing twice is no error. */
    public void freeze() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = Kernel.attr(arena);
            attr.set(JAVA_INT, ELEM_MAP_FD, fd.number());
            int result = Kernel.bpf(Kernel.BPF_MAP_FREEZE, attr);
            if (result < 0 && !frozen()) {
                throw BpfException.of("freezing map " + info.name, -result, "");
            }
        }
    }

    /** Whether {@link #freeze()} was ever called on this map, by anyone. */
    public boolean frozen() {
        try (var lines = Files.lines(Path.of("/proc/self/fdinfo/" + fd.number()))) {
            return lines.anyMatch(line -> line.startsWith("frozen:") && line.strip().endsWith("1"));
        } catch (IOException unreadable) {
            return false;
        }
    }

    /**
     * Pins the map to a path in a bpffs, where it outlives this process.
     *
     * @throws AlreadyExists if the path is taken
     */
    public void pin(Path path) {
        BpfFs.pin(fd.number(), path, "map " + info.name);
    }

    @Override
    public void close() {
        if (owned) {
            fd.close();
        }
    }

    /** The object that owns the descriptor closes it now; any later use of this map is an error of the caller, not of some other descriptor. */
    void forget() {
        fd.release();
    }

    private int element(Arena arena, int command, MemorySegment key, MemorySegment value, long flags) {
        MemorySegment attr = Kernel.attr(arena);
        attr.set(JAVA_INT, ELEM_MAP_FD, fd.number());
        attr.set(JAVA_LONG, ELEM_KEY, key.address());
        attr.set(JAVA_LONG, ELEM_VALUE, value.address());
        attr.set(JAVA_LONG, ELEM_FLAGS, flags);
        return Kernel.bpf(command, attr);
    }

    private BpfException failure(String verb, byte[] key, int errno) {
        String operation = verb + " map " + info.name + ", key " + hex(key);
        return switch (errno) {
            // For an index E2BIG means "beyond the end"; for a hash, and ENOSPC for a trie, "no room for a new key" (kernel/bpf/{arraymap,hashtab,lpm_trie}.c).
            case Errno.E2BIG -> info.type.indexed()
                    ? new BpfException(operation, errno, "the index is beyond max_entries=" + info.maxEntries)
                    : new MapFull(operation, errno, info.name, info.maxEntries);
            case Errno.ENOSPC -> new MapFull(operation, errno, info.name, info.maxEntries);
            case Errno.EPERM -> new PermissionDenied(operation, errno, frozen() ? "the map is frozen" : "");
            default -> BpfException.of(operation, errno, "");
        };
    }

    private void checkSize(String what, byte[] bytes, int size) {
        if (Objects.requireNonNull(bytes, "bytes is null").length != size) {
            throw new IllegalArgumentException("map " + info.name + " has a " + what + " of " + size + " bytes, not " + bytes.length);
        }
    }

    private static String hex(byte[] key) {
        byte[] shown = key.length > 32 ? Arrays.copyOf(key, 32) : key;
        return HexFormat.of().formatHex(shown) + (key.length > 32 ? "…" : "");
    }

    /** A 32-bit key or value. */
    public static byte[] u32(int value) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }

    /** A 64-bit key or value. */
    public static byte[] u64(long value) {
        return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    }

    /** A little-endian view of a key or value; writes go through. */
    public static ByteBuffer view(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public String toString() {
        return "map " + info.name + " (id " + info.id + ", " + info.type + ")";
    }
}
