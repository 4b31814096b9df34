package io.bpfguard.bpf.libbpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The ring's format, on plain memory that plays the kernel's part. */
class RingReaderTest {
    private static final int SIZE = 64;

    /** A ring as kernel/bpf/ringbuf.c fills it; the second copy of the data, which the kernel makes by mapping twice, is written along. */
    private static final class Ring {
        final MemorySegment consumer = Arena.ofAuto().allocate(8, 8);
        final MemorySegment producer = Arena.ofAuto().allocate(8, 8);
        final MemorySegment data;
        final int size;
        final List<byte[]> handled = new ArrayList<>();
        final List<Throwable> failures = new ArrayList<>();
        final RingReader reader;

        Ring(int size) {
            this.size = size;
            data = Arena.ofAuto().allocate(2L * size, 8);
            reader = new RingReader(consumer, producer, data, this::handle, failures::add);
        }

        void handle(ByteBuffer record) {
            byte[] bytes = new byte[record.remaining()];
            record.get(bytes);
            handled.add(bytes);
        }

        /** Returns the position of the record, or -1 if it does not fit. */
        long reserve(byte[] bytes) {
            long position = producer.get(ValueLayout.JAVA_LONG, 0);
            long end = position + (bytes.length + RingReader.HEADER + 7 & ~7);
            // bpf_ringbuf_reserve: "check for out of ringbuf space by ensuring producer position doesn't advance more than (ringbuf_sz - 1) ahead"
            if (end - consumer.get(ValueLayout.JAVA_LONG, 0) > size - 1) {
                return -1;
            }
            header(position, bytes.length | RingReader.BUSY);
            for (int i = 0; i < bytes.length; i++) {
                long at = (position & size - 1) + RingReader.HEADER + i;
                data.set(ValueLayout.JAVA_BYTE, at, bytes[i]);
                data.set(ValueLayout.JAVA_BYTE, at < size ? at + size : at - size, bytes[i]);
            }
            producer.set(ValueLayout.JAVA_LONG, 0, end);
            return position;
        }

        void header(long position, int header) {
            long at = position & size - 1;
            data.set(ValueLayout.JAVA_INT, at, header);
            data.set(ValueLayout.JAVA_INT, at + size, header);
        }

        void write(byte... bytes) {
            header(reserve(bytes), bytes.length);
        }
    }

    @Test
    void anEmptyRingHasNothing() {
        Ring ring = new Ring(SIZE);
        assertThat(ring.reader.consume()).isZero();
        assertThat(ring.reader.pending()).isZero();
    }

    @Test
    void recordsAreRoundedUpToEightBytes() {
        Ring ring = new Ring(SIZE);
        ring.write((byte) 1);
        ring.write((byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5, (byte) 6, (byte) 7, (byte) 8);
        ring.write();
        assertThat(ring.reader.pending()).isEqualTo(16 + 16 + 8);
        assertThat(ring.reader.consume()).isEqualTo(3);
        assertThat(ring.handled).containsExactly(new byte[] {1}, new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, new byte[0]);
        assertThat(ring.consumer.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(40);
    }

    @Test
    void aBusyRecordHoldsUpThoseBehindIt() {
        Ring ring = new Ring(SIZE);
        ring.write((byte) 1);
        long busy = ring.reserve(new byte[] {2});
        ring.write((byte) 3);
        assertThat(ring.reader.consume()).isEqualTo(1);
        assertThat(ring.reader.consume()).isZero();
        ring.header(busy, 1);
        assertThat(ring.reader.consume()).isEqualTo(2);
        assertThat(ring.handled).containsExactly(new byte[] {1}, new byte[] {2}, new byte[] {3});
    }

    @Test
    void aDiscardedRecordIsSkippedAndFreed() {
        Ring ring = new Ring(SIZE);
        ring.header(ring.reserve(new byte[] {1, 2, 3}), 3 | RingReader.DISCARD);
        ring.write((byte) 4);
        assertThat(ring.reader.consume()).isEqualTo(1);
        assertThat(ring.handled).containsExactly(new byte[] {4});
        assertThat(ring.reader.pending()).isZero();
    }

    @Test
    void aRecordAcrossTheEndIsOnePiece() {
        Ring ring = new Ring(SIZE);
        ring.write(new byte[40]);
        ring.reader.consume();
        byte[] across = new byte[32];
        for (int i = 0; i < across.length; i++) {
            across[i] = (byte) (i + 1);
        }
        ring.write(across);
        assertThat(ring.reader.consume()).isEqualTo(1);
        assertThat(ring.handled.get(1)).isEqualTo(across);
        assertThat(ring.reader.pending()).isZero();
    }

    @Test
    void whatTheHandlerThrowsIsReportedAndTheRecordIsConsumed() {
        Ring ring = new Ring(SIZE);
        RingReader failing = new RingReader(ring.consumer, ring.producer, ring.data, record -> { throw new IllegalArgumentException("no"); }, ring.failures::add);
        ring.write((byte) 1);
        ring.write((byte) 2);
        assertThat(failing.consume()).isEqualTo(2);
        assertThat(ring.failures).hasSize(2).allMatch(IllegalArgumentException.class::isInstance);
        assertThat(ring.reader.pending()).isZero();
    }

    @Test
    void recordsThatArriveMeanwhileWaitForTheNextCall() {
        Ring ring = new Ring(SIZE);
        RingReader writing = new RingReader(ring.consumer, ring.producer, ring.data, record -> ring.write((byte) 9), ring.failures::add);
        ring.write((byte) 1);
        assertThat(writing.consume()).isEqualTo(1);
        assertThat(writing.consume()).isEqualTo(1);
    }

    @Test
    void anImpossibleLengthIsNotFollowed() {
        Ring ring = new Ring(SIZE);
        long position = ring.reserve(new byte[] {1});
        ring.header(position, 1 << 20);
        assertThatThrownBy(ring.reader::consume).isInstanceOf(IllegalStateException.class).hasMessageContaining("corrupt");
    }

    @Test
    void aRingHasASizeOfAPowerOfTwo() {
        MemorySegment memory = Arena.ofAuto().allocate(96, 8);
        assertThatThrownBy(() -> new RingReader(memory, memory, memory, record -> {}, failure -> {})).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void positionsMayPassTheRangeOfAnInt() {
        Ring ring = new Ring(SIZE);
        long far = 1L << 40;
        ring.consumer.set(ValueLayout.JAVA_LONG, 0, far);
        ring.producer.set(ValueLayout.JAVA_LONG, 0, far);
        ring.write((byte) 5);
        assertThat(ring.reader.consume()).isEqualTo(1);
        assertThat(ring.handled).containsExactly(new byte[] {5});
    }

    @Test
    void whateverIsWrittenIsReadInOrder() {
        for (int seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            Ring ring = new Ring(1 << 6 + random.nextInt(5));
            List<byte[]> expected = new ArrayList<>();
            ArrayDeque<long[]> busy = new ArrayDeque<>();
            ArrayDeque<byte[]> pending = new ArrayDeque<>();
            for (int step = 0; step < 2000; step++) {
                switch (random.nextInt(4)) {
                    case 0, 1 -> {
                        byte[] bytes = new byte[random.nextInt(ring.size / 2)];
                        random.nextBytes(bytes);
                        long position = ring.reserve(bytes);
                        if (position >= 0) {
                            busy.add(new long[] {position, bytes.length});
                            pending.add(bytes);
                        }
                    }
                    case 2 -> {
                        if (!busy.isEmpty()) {
                            long[] commit = busy.remove();
                            byte[] bytes = pending.remove();
                            boolean discard = random.nextInt(4) == 0;
                            ring.header(commit[0], (int) commit[1] | (discard ? RingReader.DISCARD : 0));
                            if (!discard) {
                                expected.add(bytes);
                            }
                        }
                    }
                    default -> {
                        ring.reader.consume();
                        assertThat(ring.handled).as("seed " + seed).usingElementComparator(Arrays::compare).containsExactlyElementsOf(expected);
                    }
                }
            }
        }
    }
}
