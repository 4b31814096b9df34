package io.bpfguard.bpf.libbpf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/**
 * Consumes the records of a BPF ring buffer from its memory, wherever that comes from. The format is that of kernel/bpf/ringbuf.c: positions count bytes
 * and never wrap; each record is an 8-byte header (length with two flag bits, page offset) and its data, rounded up to 8 bytes.
 *
 * <p>One consumer at a time.
 */
final class RingReader {
    /** {@code BPF_RINGBUF_BUSY_BIT}: reserved by a program, not committed yet. */
    static final int BUSY = 1 << 31;
    /** {@code BPF_RINGBUF_DISCARD_BIT}: committed, but to be skipped. */
    static final int DISCARD = 1 << 30;
    /** {@code BPF_RINGBUF_HDR_SZ}. */
    static final int HEADER = 8;

    private static final VarHandle POSITION = ValueLayout.JAVA_LONG.varHandle();
    private static final VarHandle LENGTH = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment consumer;
    private final MemorySegment producer;
    private final MemorySegment data;
    private final long mask;
    private final RingBuffer.Handler handler;
    private final Consumer<Throwable> failures;

    /**
     * @param consumer the page that begins with the consumer's position; written here
     * @param producer the page that begins with the producer's position
     * @param data     twice the ring's size: the kernel maps the data pages two times in a row, so that no record is ever split
     */
    RingReader(MemorySegment consumer, MemorySegment producer, MemorySegment data, RingBuffer.Handler handler, Consumer<Throwable> failures) {
        long size = data.byteSize() / 2;
        if (Long.bitCount(size) != 1) {
            throw new IllegalArgumentException("a ring's size is a power of two, not " + size);
        }
        this.consumer = consumer;
        this.producer = producer;
        this.data = data;
        this.mask = size - 1;
        this.handler = handler;
        this.failures = failures;
    }

    /** Bytes that are reserved or committed and not consumed. */
    long pending() {
        return (long) POSITION.getAcquire(producer, 0L) - (long) POSITION.getAcquire(consumer, 0L);
    }

    /**
     * Consumes what the ring holds now, and returns how many records were handed over. Records that arrive meanwhile wait for the next call, so that it ends
     * under any load.
     *
     * @throws IllegalStateException if the ring's memory makes no sense
     */
    int consume() {
        long position = (long) POSITION.getAcquire(consumer, 0L);
        // Acquire: pairs with the release by which bpf_ringbuf_reserve publishes the position after it wrote the record's busy header.
        long end = (long) POSITION.getAcquire(producer, 0L);
        int handled = 0;
        while (position < end) {
            long at = position & mask;
            // Acquire: pairs with the exchange by which bpf_ringbuf_commit clears the busy bit after the program wrote the data.
            int header = (int) LENGTH.getAcquire(data, at);
            if ((header & BUSY) != 0) {
                break;
            }
            int length = header & ~DISCARD;
            if (length > mask) {
                throw new IllegalStateException("ring buffer is corrupt: a record of " + length + " bytes at position " + position);
            }
            if ((header & DISCARD) == 0) {
                handled++;
                hand(data.asSlice(at + HEADER, length).asByteBuffer().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN));
            }
            position += (length + HEADER + 7) & ~7;
            // Release: the kernel may overwrite the record only after it has been read.
            POSITION.setRelease(consumer, 0L, position);
        }
        return handled;
    }

    /** One record's failure is not the next one's: whatever the handler throws is reported, and the loop goes on. */
    private void hand(ByteBuffer record) {
        try {
            handler.handle(record);
        } catch (Throwable thrown) {
            failures.accept(thrown);
        }
    }
}
