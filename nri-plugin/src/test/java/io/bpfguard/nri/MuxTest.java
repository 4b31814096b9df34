package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.ttrpc.SocketPair;
import io.bpfguard.ttrpc.StallWatch;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MuxTest {
    private static final int MAX = 1 << 20;
    private static final int QUEUE = 64 * 1024;

    private final CompletableFuture<Throwable> closed = new CompletableFuture<>();
    private SocketPair pair;
    private Mux mux;
    private ByteChannel one;
    private ByteChannel two;

    @BeforeEach
    void open() throws IOException {
        pair = SocketPair.open();
        mux = new Mux(pair.ours(), MAX, QUEUE, new StallWatch(Duration.ofMillis(200)), closed::complete);
        one = mux.open(1);
        two = mux.open(2);
        mux.start();
    }

    @AfterEach
    void close() throws IOException {
        mux.close();
        pair.close();
    }

    private void send(ByteBuffer... frames) throws IOException {
        for (ByteBuffer frame : frames) {
            while (frame.hasRemaining()) {
                pair.theirs().write(frame);
            }
        }
    }

    private static ByteBuffer frame(int id, byte... payload) {
        return GoMux.muxFrame(id, payload, 0, payload.length);
    }

    private static byte[] read(ByteChannel channel, int length) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(length);
        while (b.hasRemaining()) {
            if (channel.read(b) < 0) {
                throw new EOFException();
            }
        }
        return b.array();
    }

    private static byte[] numbered(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @CsvSource({
        "10, 10", "4095, 4095", "4096, 4096", "4097, 4096 1", "8192, 4096 4096", "8193, 4096 4097", "70000, 4096 65904",
        "4194314, 4096 4190218",
    })
    @DisplayName("item 32: a message of T bytes leaves as one frame up to 4096, and one with the rest")
    void writeRule(int length, String frames) throws Exception {
        byte[] message = numbered(length);
        CompletableFuture<Integer> written = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return one.write(ByteBuffer.wrap(message));
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                },
                Thread::startVirtualThread);
        List<Integer> lengths = new ArrayList<>();
        ByteBuffer received = ByteBuffer.allocate(length);
        while (received.hasRemaining()) {
            ByteBuffer header = ByteBuffer.wrap(read(pair.theirs(), 8));
            assertThat(header.getInt()).isEqualTo(1);
            lengths.add(header.getInt());
            received.put(read(pair.theirs(), lengths.getLast()));
        }
        assertThat(lengths).containsExactlyElementsOf(List.of(frames.split(" ")).stream().map(Integer::valueOf).toList());
        assertThat(received.array()).isEqualTo(message);
        assertThat(written.get()).isEqualTo(length);
    }

    @Test
    @DisplayName("item 32: a message above 4 MiB + 10 is refused before anything is sent")
    void tooLong() throws IOException {
        assertThatThrownBy(() -> one.write(ByteBuffer.allocate(Mux.MAX_SEND_BYTES + 1))).isInstanceOf(IllegalArgumentException.class);
        two.write(ByteBuffer.wrap(new byte[] {9}));
        assertThat(read(pair.theirs(), 9)).isEqualTo(new byte[] {0, 0, 0, 2, 0, 0, 0, 1, 9});
    }

    @Test
    @DisplayName("item 33: frames for ids that nobody opened are discarded")
    void unknownIds() throws IOException {
        send(frame(0, new byte[100_000]), frame(7, (byte) 1), frame(-1, (byte) 1), frame(1, (byte) 42));
        assertThat(read(one, 1)).containsExactly(42);
    }

    @Test
    @DisplayName("item 34: frames of zero length do nothing")
    void zeroLength() throws IOException {
        send(frame(1), frame(1, (byte) 1), frame(1), frame(2), frame(0), frame(1, (byte) 2));
        assertThat(read(one, 2)).containsExactly(1, 2);
    }

    @Test
    @DisplayName("item 35: fragments of both connections, interleaved, byte by byte")
    void interleaved() throws IOException {
        byte[] first = numbered(300);
        byte[] second = numbered(301);
        for (int i = 0; i < 301; i++) {
            send(frame(2, second[i]));
            if (i < 300) {
                send(frame(1, first[i]));
            }
        }
        assertThat(read(one, 300)).isEqualTo(first);
        assertThat(read(two, 301)).isEqualTo(second);
    }

    @Test
    @DisplayName("item 35: one frame with several messages, and headers split between reads")
    void splitHeaders() throws Exception {
        ByteBuffer all = ByteBuffer.allocate(100).put(frame(1, (byte) 1, (byte) 2, (byte) 3)).put(frame(2, (byte) 4)).flip();
        while (all.hasRemaining()) {
            send(all.slice().limit(1));
            all.position(all.position() + 1);
        }
        assertThat(read(one, 3)).containsExactly(1, 2, 3);
        assertThat(read(two, 1)).containsExactly(4);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x7fffffff, 0xffffffff, MAX + 1})
    @DisplayName("item 36: a frame length above the limit closes the link at once; nothing of that size is allocated")
    void hugeFrame(int length) throws Exception {
        send(GoMux.header(1, length));
        assertThat(closed.get()).hasMessageContaining("more than the limit");
        assertThat(one.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        assertThat(pair.theirs().read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }

    @Test
    @DisplayName("item 37: the end of the trunk ends both connections, after what had arrived")
    void trunkEnd() throws Exception {
        send(frame(1, (byte) 5));
        pair.theirs().close();
        closed.get();
        assertThat(read(one, 1)).containsExactly(5);
        assertThat(one.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        assertThat(two.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        assertThatThrownBy(() -> one.write(ByteBuffer.allocate(1))).isInstanceOf(IOException.class);
        assertThat(one.isOpen()).isFalse();
    }

    @Test
    @DisplayName("item 37: the end inside a frame, and closing one connection, end everything")
    void otherEnds() throws Exception {
        send(GoMux.header(1, 10));
        pair.theirs().close();
        assertThat(closed.get()).isInstanceOf(EOFException.class).hasMessageContaining("inside");

        try (SocketPair other = SocketPair.open()) {
            Mux second = new Mux(other.ours(), MAX, QUEUE, new StallWatch(Duration.ofSeconds(1)), cause -> {});
            ByteChannel a = second.open(1);
            ByteChannel b = second.open(2);
            second.start();
            a.close();
            assertThat(b.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(other.theirs().read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
    }

    @Test
    @DisplayName("item 38: nobody reads connection 1, and connection 2 goes on")
    void independent() throws IOException {
        send(frame(1, new byte[QUEUE / 2]));
        for (int i = 0; i < 1000; i++) {
            send(frame(2, (byte) i));
            assertThat(read(two, 1)).containsExactly((byte) i);
        }
    }

    @Test
    @DisplayName("item 39: 20,000 unread frames are kept or held back, never dropped")
    void manyFrames() throws Exception {
        int count = 20_000;
        byte[] bytes = numbered(count);
        CompletableFuture<Void> sent = CompletableFuture.runAsync(
                () -> {
                    try {
                        for (byte b : bytes) {
                            send(frame(1, b));
                        }
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                },
                Thread::startVirtualThread);
        // 64 KiB hold about 670 of these frames: the rest must wait in the trunk.
        sent.completeOnTimeout(null, 300, TimeUnit.MILLISECONDS).get();
        assertThat(read(one, count)).isEqualTo(bytes);
        assertThat(mux.isOpen()).isTrue();
    }

    @Test
    @DisplayName("item 53: a frame that began and does not end is noticed, an idle trunk is not")
    void stall() throws Exception {
        Thread.sleep(300);
        assertThat(mux.stalled()).isFalse();
        send(frame(1, (byte) 1), GoMux.header(1, 100));
        read(one, 1);
        long giveUp = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!mux.stalled() && System.nanoTime() < giveUp) {
            Thread.sleep(10);
        }
        assertThat(mux.stalled()).isTrue();
        send(ByteBuffer.allocate(100));
        read(one, 100);
        while (mux.stalled() && System.nanoTime() < giveUp) {
            Thread.sleep(1);
        }
        assertThat(mux.stalled()).isFalse();
    }

    @Test
    @DisplayName("an id cannot be opened twice")
    void twice() {
        assertThatThrownBy(() -> mux.open(1)).isInstanceOf(IllegalStateException.class);
    }
}
