package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Reads a map of type RINGBUF from its mapped memory.
 *
 * <p>{@link #poll} belongs on a platform thread: it blocks in the kernel, and a virtual thread would block its carrier. One thread reads at a time; {@link #wakeUp}
 * and {@link #close} may come from any.
 */
public final class RingBuffer implements AutoCloseable {
    /** Takes one record. */
    @FunctionalInterface
    public interface Handler {
        /**
         * @param record little-endian, read-only, and valid only during the call: it is the ring's own memory, which the kernel reuses afterwards
         */
        void handle(ByteBuffer record);
    }

    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;
    static final short POLLIN = 1;
    /** {@code struct pollfd}: descriptor, wanted events, returned events. */
    static final int POLLFD_SIZE = 8;
    static final int POLLFD_EVENTS = 4;
    static final int POLLFD_REVENTS = 6;

    private final ReentrantLock reading = new ReentrantLock();
    private final Arena arena;
    /** Our own descriptor for the map: its owner may close his. */
    private final Fd map;
    private final Fd wakeUp;
    private final RingReader reader;
    private final MemorySegment pollFds;
    private final MemorySegment timeoutMemory;
    private final MemorySegment counter;
    private volatile boolean closed;
    /** Guarded by {@link #wakeUp}. */
    private boolean unmapped;

    private RingBuffer(BpfMap map, Fd own, Fd wakeUp, Arena arena, Handler handler, Consumer<Throwable> failures) {
        this.map = own;
        this.wakeUp = wakeUp;
        this.arena = arena;
        long page = pageSize();
        long size = Integer.toUnsignedLong(map.info().maxEntries());
        MemorySegment consumer = map(arena, map, page, PROT_READ | PROT_WRITE, 0);
        MemorySegment producer = map(arena, map, page + 2 * size, PROT_READ, page);
        reader = new RingReader(consumer, producer.asSlice(0, page), producer.asSlice(page), handler, failures);
        pollFds = arena.allocate(2 * POLLFD_SIZE, 8);
        timeoutMemory = arena.allocate(16, 8);
        counter = arena.allocate(8, 8);
        watch(0, own.number());
        watch(POLLFD_SIZE, wakeUp.number());
    }

    /**
     * Maps a ring buffer. The map may be closed before this is.
     *
     * @param handler  is called by {@link #poll} and {@link #consume} for each record, in the order of their reservation
     * @param failures is given whatever the handler throws; the record counts as consumed. What this one throws, ends the call
     * @throws BpfException             if the kernel refuses
     * @throws IllegalArgumentException if the map is no ring buffer
     */
    public static RingBuffer open(BpfMap map, Handler handler, Consumer<Throwable> failures) {
        Objects.requireNonNull(handler, "handler is null");
        Objects.requireNonNull(failures, "failures is null");
        if (map.info().type() != BpfMap.Type.RINGBUF) {
            throw new IllegalArgumentException(map + " is no ring buffer");
        }
        Arena arena = Arena.ofShared();
        Fd own = null;
        Fd wakeUp = null;
        try {
            own = Fd.duplicate(map.fd());
            wakeUp = eventFd();
            return new RingBuffer(map, own, wakeUp, arena, handler, failures);
        } catch (RuntimeException | Error failure) {
            arena.close();
            Stream.of(own, wakeUp).filter(Objects::nonNull).forEach(Fd::close);
            throw failure;
        }
    }

    private static Fd eventFd() {
        int event = Kernel.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (event < 0) {
            throw BpfException.of("creating an eventfd", -event, "");
        }
        return new Fd(event);
    }

    /** Maps a part of the ring; the arena unmaps it. */
    private static MemorySegment map(Arena arena, BpfMap map, long length, int protection, long offset) {
        long address = Kernel.mmap(length, protection, MAP_SHARED, map.fd(), offset);
        if (address < 0) {
            throw BpfException.of("mapping " + map, (int) -address, "");
        }
        return MemorySegment.ofAddress(address).reinterpret(length, arena, mapped -> Kernel.munmap(mapped.address(), length));
    }

    private void watch(int offset, int fd) {
        pollFds.set(JAVA_INT, offset, fd);
        pollFds.set(JAVA_SHORT, offset + POLLFD_EVENTS, POLLIN);
    }

    /**
     * Waits until the ring has records, {@link #wakeUp} is called or the time is over, then consumes what there is. The handler runs on the calling thread.
     *
     * @return how many records were handed over; 0 also when closed
     * @throws IllegalStateException if the ring's memory makes no sense
     */
    public int poll(Duration timeout) {
        reading.lock();
        try {
            if (closed) {
                return 0;
            }
            timeoutMemory.set(JAVA_LONG, 0, timeout.getSeconds());
            timeoutMemory.set(JAVA_LONG, 8, timeout.getNano());
            int ready = Kernel.ppoll(pollFds, 2, timeoutMemory);
            // EINTR: a signal of the JVM; the caller polls again anyway.
            if (ready < 0 && ready != -Errno.EINTR) {
                throw BpfException.of("waiting for the ring buffer", -ready, "");
            }
            if (pollFds.get(JAVA_SHORT, POLLFD_SIZE + POLLFD_REVENTS) != 0) {
                Kernel.read(wakeUp.number(), counter);
            }
            return closed ? 0 : reader.consume();
        } finally {
            reading.unlock();
        }
    }

    /** Consumes what there is, without waiting; as {@link #poll} otherwise. */
    public int consume() {
        reading.lock();
        try {
            return closed ? 0 : reader.consume();
        } finally {
            reading.unlock();
        }
    }

    /** Bytes in the ring that are not consumed yet, headers included. */
    public long pending() {
        reading.lock();
        try {
            return closed ? 0 : reader.pending();
        } finally {
            reading.unlock();
        }
    }

    /** Ends a {@link #poll} that is waiting, or else the next one. */
    public void wakeUp() {
        synchronized (wakeUp) {
            if (!unmapped) {
                try (Arena scope = Arena.ofConfined()) {
                    Kernel.write(wakeUp.number(), scope.allocateFrom(JAVA_LONG, 1));
                }
            }
        }
    }

    /** Ends a waiting {@link #poll}, waits for the handler that may be running, and unmaps the ring. Must not be called by the handler. */
    @Override
    public void close() {
        if (reading.isHeldByCurrentThread()) {
            throw new IllegalStateException("a handler cannot close its ring buffer");
        }
        closed = true;
        wakeUp();
        reading.lock();
        try {
            synchronized (wakeUp) {
                if (!unmapped) {
                    unmapped = true;
                    arena.close();
                    wakeUp.close();
                    map.close();
                }
            }
        } finally {
            reading.unlock();
        }
    }

    /** From the auxiliary vector (AT_PAGESZ): arm64 kernels come with pages of 4, 16 and 64 KiB. */
    private static long pageSize() {
        long atPagesz = 6;
        try {
            ByteBuffer vector = ByteBuffer.wrap(Files.readAllBytes(Path.of("/proc/self/auxv"))).order(ByteOrder.nativeOrder());
            while (vector.remaining() >= 2 * Long.BYTES) {
                long key = vector.getLong();
                long value = vector.getLong();
                if (key == atPagesz) {
                    return value;
                }
            }
            throw new IllegalStateException("/proc/self/auxv has no AT_PAGESZ");
        } catch (IOException e) {
            throw new UncheckedIOException("reading /proc/self/auxv (is procfs mounted?)", e);
        }
    }
}
