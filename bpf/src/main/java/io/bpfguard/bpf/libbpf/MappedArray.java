package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * An array map with BPF_F_MMAPABLE as memory: reading costs no system call, and writing an aligned word is one store, which programs see whole or not
 * at all. An update through the system call copies bytes and promises neither.
 *
 * <p>Thread-safe as far as single words go. Closing it unmaps; the map stays.
 */
public final class MappedArray implements AutoCloseable {
    /** From include/uapi/linux/bpf.h. */
    public static final int BPF_F_MMAPABLE = 1 << 10;

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;
    private static final VarHandle LONG = JAVA_LONG.varHandle();
    private static final VarHandle INT = JAVA_INT.varHandle();

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final int stride;
    private final int size;
    private boolean closed;

    private MappedArray(BpfMap map) {
        size = map.info().maxEntries();
        // array_map_alloc (kernel/bpf/arraymap.c) rounds elements up to 8 bytes.
        stride = Math.ceilDiv(map.valueSize(), Long.BYTES) * Long.BYTES;
        long length = (long) size * stride;
        long address = Kernel.mmap(length, PROT_READ_WRITE, MAP_SHARED, map.fd(), 0);
        if (address < 0 && address > -4096) {
            arena.close();
            throw BpfException.of("mapping " + map, (int) -address, "the map has to be made with BPF_F_MMAPABLE");
        }
        memory = MemorySegment.ofAddress(address).reinterpret(length, arena, segment -> Kernel.munmap(segment.address(), length));
    }

    /**
     * Maps a map, which may be closed afterwards.
     *
     * @throws BpfException if it is no array, or has not the flag BPF_F_MMAPABLE
     */
    public static MappedArray of(BpfMap map) {
        return new MappedArray(map);
    }

    /** The number of elements. */
    public int size() {
        return size;
    }

    /** A word of an element, {@code offset} bytes from its beginning and a multiple of 8. */
    public long getLong(int index, int offset) {
        return (long) LONG.getAcquire(memory, at(index, offset));
    }

    /** Stores a word; what this thread stored before is seen by programs that see this. */
    public void setLong(int index, int offset, long value) {
        LONG.setRelease(memory, at(index, offset), value);
    }

    /** A half-word of an element, {@code offset} bytes from its beginning and a multiple of 4. */
    public int getInt(int index, int offset) {
        return (int) INT.getAcquire(memory, at(index, offset));
    }

    /** Stores a half-word; what this thread stored before is seen by programs that see this. */
    public void setInt(int index, int offset, int value) {
        INT.setRelease(memory, at(index, offset), value);
    }

    /** Bytes of an element, in no particular order of reading. */
    public byte[] getBytes(int index, int offset, int length) {
        return memory.asSlice(at(index, offset), length).toArray(JAVA_BYTE);
    }

    /** Stores bytes into an element, in no particular order. */
    public void setBytes(int index, int offset, byte[] value) {
        MemorySegment.copy(value, 0, memory, JAVA_BYTE, at(index, offset), value.length);
    }

    private long at(int index, int offset) {
        if (offset < 0 || offset >= stride) {
            throw new IndexOutOfBoundsException("offset " + offset + " in elements of " + stride + " bytes");
        }
        return (long) index * stride + offset;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            arena.close();
        }
    }
}
