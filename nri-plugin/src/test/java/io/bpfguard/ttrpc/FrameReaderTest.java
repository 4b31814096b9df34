package io.bpfguard.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.bpfguard.ttrpc.FrameReader.Incoming;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FrameReaderTest {
    private static final int MAX = TtrpcLimits.MAX_MESSAGE_BYTES;

    /// Hands out bytes in pieces whose sizes a function chooses.
    private static final class Pieces implements ReadableByteChannel {
        private final ByteBuffer bytes;
        private final IntSupplier size;

        Pieces(ByteBuffer bytes, IntSupplier size) {
            this.bytes = bytes;
            this.size = size;
        }

        @Override
        public int read(ByteBuffer target) {
            if (!bytes.hasRemaining()) {
                return -1;
            }
            int n = Math.min(Math.min(size.getAsInt(), target.remaining()), bytes.remaining());
            target.put(bytes.slice().limit(n));
            bytes.position(bytes.position() + n);
            return n;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    private static FrameReader reader(ByteBuffer bytes, IntSupplier size) {
        return new FrameReader(new Pieces(bytes, size), MAX, new StallWatch(Duration.ofSeconds(10)));
    }

    private static ByteBuffer join(List<Frame> frames) {
        ByteBuffer all = ByteBuffer.allocate(frames.stream().mapToInt(f -> 10 + f.data().size()).sum());
        frames.forEach(f -> all.put(f.encode()));
        return all.flip();
    }

    private static List<Frame> frames(Random random, int count) {
        List<Frame> frames = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] data = new byte[random.nextInt(4) == 0 ? 0 : random.nextInt(9000)];
            random.nextBytes(data);
            frames.add(new Frame(random.nextLong(1L << 32), random.nextInt(256), random.nextInt(256), ByteString.copyFrom(data)));
        }
        return frames;
    }

    private static List<Frame> readAll(FrameReader reader) throws IOException {
        List<Frame> result = new ArrayList<>();
        Incoming incoming;
        while ((incoming = reader.next()) != null) {
            result.add(((Incoming.Whole) incoming).frame());
        }
        return result;
    }

    @Test
    @DisplayName("item 4: exactly 4 MiB is accepted, one byte more is skipped and reported, and the next frame is read")
    void limit() throws IOException {
        Frame full = new Frame(1, 1, 0, ByteString.copyFrom(new byte[MAX]));
        Frame over = new Frame(3, 1, 0, ByteString.copyFrom(new byte[MAX + 1]));
        Frame after = new Frame(5, 1, 0, ByteString.copyFromUtf8("x"));
        FrameReader reader = reader(join(List.of(full, over, after)), () -> 1 << 20);
        assertThat(reader.next()).isEqualTo(new Incoming.Whole(full));
        assertThat(reader.next()).isEqualTo(new Incoming.Oversize(3, 1, MAX + 1));
        assertThat(reader.next()).isEqualTo(new Incoming.Whole(after));
        assertThat(reader.next()).isNull();
    }

    @Test
    @DisplayName("item 5: a length of 0xffffffff allocates nothing, waits a bounded time and closes")
    void hugeLength() throws Exception {
        try (SocketPair pair = SocketPair.open()) {
            TtrpcChannelTest.Nobody nobody = new TtrpcChannelTest.Nobody();
            Connection connection = new Connection(
                    "t", pair.ours(), TtrpcLimits.DEFAULT.withStallTimeout(Duration.ofMillis(200)), nobody);
            connection.start();
            RawPeer peer = new RawPeer(pair.theirs());
            // 4 GiB would not fit into this JVM: an allocation by the announced length would end the reader with an Error.
            peer.write("ffffffff 00000001 01 00 00");
            assertThat(nobody.cause().getMessage()).contains("did not end in time");
            assertThat(peer.atEnd()).isTrue();
        }
    }

    @Test
    @DisplayName("item 6: an end of stream at every byte of two frames: clean between frames, an error inside")
    void truncation() throws IOException {
        List<Frame> frames = List.of(new Frame(1, 1, 0, ByteString.copyFromUtf8("hello")), new Frame(3, 1, 0, ByteString.EMPTY));
        byte[] all = RawPeer.bytes(join(frames));
        for (int cut = 0; cut <= all.length; cut++) {
            FrameReader reader = reader(ByteBuffer.wrap(all, 0, cut).slice(), () -> 7);
            if (cut == 0 || cut == 15 || cut == 25) {
                assertThat(readAll(reader)).hasSize(cut == 0 ? 0 : cut == 15 ? 1 : 2);
            } else {
                assertThatThrownBy(() -> readAll(reader)).as("cut at %d", cut).isInstanceOf(EOFException.class);
            }
        }
    }

    @Test
    @DisplayName("item 6: a peer that ends inside a header or a body closes the connection, with no reply")
    void truncatedConnection() throws Exception {
        for (String part : List.of("000000", "00000005 00000001 01 00 6161")) {
            try (SocketPair pair = SocketPair.open()) {
                CountDownLatch closed = new CountDownLatch(1);
                AtomicReference<Throwable> cause = new AtomicReference<>();
                TtrpcServer.of(TtrpcLimits.DEFAULT, new Echo()).serve(pair.ours(), t -> {
                    cause.set(t);
                    closed.countDown();
                });
                RawPeer peer = new RawPeer(pair.theirs());
                peer.write(part);
                peer.shutdownOutput();
                assertThat(peer.atEnd()).isTrue();
                assertThat(closed.await(30, TimeUnit.SECONDS)).isTrue();
                assertThat(cause.get()).isInstanceOf(EOFException.class);
            }
        }
    }

    @Test
    @DisplayName("item 7: byte at a time, and 200 random splits")
    void splits() throws IOException {
        Random random = new Random(7);
        List<Frame> frames = frames(random, 40);
        assertThat(readAll(reader(join(frames), () -> 1))).isEqualTo(frames);
        for (int i = 0; i < 200; i++) {
            int bound = 1 + random.nextInt(20_000);
            assertThat(readAll(reader(join(frames), () -> 1 + random.nextInt(bound)))).isEqualTo(frames);
        }
    }

    @Test
    @DisplayName("item 8: several frames in one read")
    void together() throws IOException {
        List<Frame> frames = List.of(
                new Frame(1, 1, 0, ByteString.copyFromUtf8("a")),
                new Frame(3, 1, 0, ByteString.EMPTY),
                new Frame(5, 1, 0, ByteString.copyFromUtf8("ccc")));
        assertThat(readAll(reader(join(frames), () -> Integer.MAX_VALUE))).isEqualTo(frames);
    }
}
