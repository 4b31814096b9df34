package io.bpfguard.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.bpfguard.ttrpc.FrameReader.Incoming;
import io.bpfguard.ttrpc.proto.KeyValue;
import io.bpfguard.ttrpc.proto.Request;
import io.bpfguard.ttrpc.proto.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Damaged input, always the same for a seed. `-Dbpfguard.fuzz.count` sets the number of frames, `-Dbpfguard.long=true` makes it 1,000,000.
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TtrpcFuzzTest {
    private static final int COUNT =
            Integer.getInteger("bpfguard.fuzz.count", Boolean.getBoolean("bpfguard.long") ? 1_000_000 : 100_000);
    private static final long SEED = Long.getLong("bpfguard.fuzz.seed", 20261123);
    private static final int FRAMES_PER_STREAM = 50;
    private static final int CAP = 64 * 1024;
    /// The reader's fixed buffer, records, exceptions.
    private static final int SLACK = 160 * 1024;
    private static final TtrpcLimits LIMITS =
            new TtrpcLimits(CAP, TtrpcLimits.MAX_MESSAGE_BYTES, 1000, Duration.ofSeconds(60));

    private static byte[] good(Random random, long streamId) {
        Request.Builder request = Echo.call("Echo", "text" + random.nextInt()).toBuilder();
        if (random.nextInt(4) == 0) {
            request.addMetadata(KeyValue.newBuilder().setKey("Traceparent").setValue("00-" + random.nextLong()));
        }
        if (random.nextInt(4) == 0) {
            request.setTimeoutNano(random.nextBoolean() ? random.nextLong() : 60_000_000_000L);
        }
        byte[] data = request.build().toByteArray();
        return RawPeer.bytes(RawPeer.frame(data.length, streamId, random.nextInt(8) == 0 ? random.nextInt(5) : 1, 0, data));
    }

    @Test
    @DisplayName("fuzz: mutated frames against the reader: a frame, a skip or an end; never another exception, never an allocation above the cap")
    void reader() {
        Random random = new Random(SEED);
        Mutator mutator = new Mutator(random);
        int frames = 0;
        int whole = 0;
        int skipped = 0;
        int broken = 0;
        // Short streams: after a wrong length nothing that follows is at its place.
        while (frames < COUNT) {
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            stream.writeBytes(good(random, 1));
            if (random.nextInt(200) == 0) {
                stream.writeBytes(RawPeer.bytes(RawPeer.frame(CAP + 1, 3, 1, 0, new byte[CAP + 1])));
            }
            stream.writeBytes(mutator.mutate(good(random, 3)));
            stream.writeBytes(mutator.mutate(good(random, 5)));
            stream.writeBytes(good(random, 7));
            frames += 2;
            Tape tape = new Tape(stream.toByteArray(), true);
            FrameReader reader = new FrameReader(tape, CAP, new StallWatch(Duration.ofSeconds(60)));
            try {
                Incoming incoming;
                while ((incoming = reader.next()) != null) {
                    switch (incoming) {
                        case Incoming.Whole(Frame frame) -> {
                            assertThat(frame.data().size()).isLessThanOrEqualTo(CAP);
                            whole++;
                        }
                        case Incoming.Oversize oversize -> {
                            assertThat(oversize.length()).isGreaterThan(CAP);
                            skipped++;
                        }
                    }
                }
            } catch (IOException e) {
                broken++;
            }
            assertThat(tape.mostAllocated()).isLessThan(CAP + SLACK);
        }
        // The input reaches every outcome; otherwise this test would say nothing.
        assertThat(whole).isGreaterThan(COUNT / 2);
        assertThat(broken).isGreaterThan(COUNT / 20);
        assertThat(skipped).isPositive();
    }

    @Test
    @DisplayName("fuzz: the announced length is never allocated")
    void announcedLength() throws Exception {
        Random random = new Random(SEED);
        for (int i = 0; i < 2000; i++) {
            long length = CAP + 1 + random.nextLong(0xFFFF_FFFFL - CAP);
            Tape tape = new Tape(RawPeer.bytes(RawPeer.frame(length, 1, 1, 0, new byte[100])), true);
            FrameReader reader = new FrameReader(tape, CAP, new StallWatch(Duration.ofSeconds(60)));
            org.assertj.core.api.Assertions.assertThatThrownBy(reader::next).isInstanceOf(IOException.class);
            assertThat(tape.mostAllocated()).isLessThan(SLACK);
        }
    }

    @Test
    @DisplayName("fuzz: mutated streams against the server: a clean end, well-formed responses, no DATA frame")
    void serverBytes() throws Exception {
        Random random = new Random(SEED + 1);
        Mutator mutator = new Mutator(random);
        for (int frames = 0; frames < COUNT / 10; frames += 2) {
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            for (int i = 0; i < 6; i++) {
                byte[] frame = good(random, 2L * i + 1);
                stream.writeBytes(i == 1 || i == 4 ? mutator.mutate(frame) : frame);
            }
            Tape tape = new Tape(stream.toByteArray(), true);
            CompletableFuture<Throwable> closed = new CompletableFuture<>();
            TtrpcServer.of(LIMITS, new Echo()).serve(tape, closed::complete);
            assertThat(closed.get(60, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
            responses(tape.written());
        }
    }

    @Test
    @DisplayName("fuzz: valid frames with damaged requests, ids, types and flags: each request gets exactly one correct answer")
    void serverRequests() throws Exception {
        Random random = new Random(SEED + 2);
        Mutator mutator = new Mutator(random);
        long last = 0xFFFF_FFFFL;
        for (int frames = 0; frames < COUNT / 4; frames += FRAMES_PER_STREAM) {
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            Map<Long, Integer> expected = new HashMap<>();
            long id = 1;
            for (int i = 0; i < FRAMES_PER_STREAM; i++) {
                id += random.nextInt(3);
                int type = random.nextInt(6) == 0 ? random.nextInt(256) : Frame.REQUEST;
                byte[] data = Echo.call("Echo", "t" + i).toByteArray();
                byte[] sent = random.nextBoolean() ? mutator.mutate(data) : data;
                stream.writeBytes(RawPeer.bytes(RawPeer.frame(sent.length, id, type, random.nextInt(256), sent)));
                if (type == Frame.REQUEST || type == Frame.DATA) {
                    expected.merge(id, 1, Integer::sum);
                }
            }
            byte[] probe = Echo.call("Echo", "probe").toByteArray();
            stream.writeBytes(RawPeer.bytes(RawPeer.frame(probe.length, last, 1, 0, probe)));
            expected.merge(last, 1, Integer::sum);

            Tape tape = new Tape(stream.toByteArray(), false);
            CompletableFuture<Throwable> closed = new CompletableFuture<>();
            ServerConnection connection = TtrpcServer.of(LIMITS, new Echo()).serve(tape, closed::complete);
            Map<Long, Integer> answers = new HashMap<>();
            int wanted = expected.values().stream().mapToInt(Integer::intValue).sum();
            long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            List<Frame> responses;
            // A DATA frame that hits a running call shares its answer with it.
            do {
                Thread.onSpinWait();
                responses = responses(tape.written());
                answers.clear();
                responses.forEach(frame -> answers.merge(frame.streamId(), 1, Integer::sum));
            } while (!answers.keySet().equals(expected.keySet()) && System.nanoTime() < giveUp);
            assertThat(answers.keySet()).isEqualTo(expected.keySet());
            assertThat(responses.size()).isLessThanOrEqualTo(wanted);
            for (Frame frame : responses) {
                if (frame.streamId() == last) {
                    assertThat(Response.parseFrom(frame.data()).getStatus().getCode()).isZero();
                }
            }
            assertThat(connection.isOpen()).isTrue();
            connection.close();
            closed.get(60, TimeUnit.SECONDS);
        }
    }

    /// All that was written must be responses with a correct status.
    private static List<Frame> responses(byte[] written) throws IOException {
        List<Frame> result = new ArrayList<>();
        ByteBuffer b = ByteBuffer.wrap(written);
        while (b.hasRemaining()) {
            int length = b.getInt();
            Frame frame = new Frame(Integer.toUnsignedLong(b.getInt()), b.get() & 0xff, b.get() & 0xff, ByteString.copyFrom(b.slice().limit(length)));
            b.position(b.position() + length);
            assertThat(frame.type()).isEqualTo(Frame.RESPONSE);
            assertThat(frame.flags()).isZero();
            assertThat(Response.parseFrom(frame.data()).getStatus().getCode()).isBetween(0, 16);
            result.add(frame);
        }
        return result;
    }

    @Test
    @DisplayName("fuzz: mutated replies against the client: every call ends, with a reply or a status")
    void client() throws Exception {
        Random random = new Random(SEED + 3);
        Mutator mutator = new Mutator(random);
        int calls = 10;
        for (int frames = 0; frames < COUNT / 20; frames += calls) {
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            for (int i = 0; i < calls; i++) {
                byte[] data = Response.newBuilder().setPayload(Echo.text("r" + i).toByteString()).build().toByteArray();
                byte[] frame = RawPeer.bytes(RawPeer.frame(data.length, 2L * i + 1, 2, 0, data));
                stream.writeBytes(random.nextInt(3) == 0 ? mutator.mutate(frame) : frame);
            }
            Gate gate = new Gate(new Tape(stream.toByteArray(), true), calls);
            List<CompletableFuture<Object>> results = new ArrayList<>();
            try (TtrpcChannel channel = TtrpcChannel.over(gate, LIMITS)) {
                for (int i = 0; i < calls; i++) {
                    CompletableFuture<Object> result = new CompletableFuture<>();
                    results.add(result);
                    io.grpc.stub.ClientCalls.asyncUnaryCall(
                            channel.newCall(Echo.ECHO, io.grpc.CallOptions.DEFAULT), Echo.text("x"), new io.grpc.stub.StreamObserver<KeyValue>() {
                                @Override
                                public void onNext(KeyValue value) {
                                    result.complete(value);
                                }

                                @Override
                                public void onError(Throwable t) {
                                    result.complete(t);
                                }

                                @Override
                                public void onCompleted() {}
                            });
                }
                for (CompletableFuture<Object> result : results) {
                    assertThat(result.get(60, TimeUnit.SECONDS)).isInstanceOfAny(KeyValue.class, io.grpc.StatusRuntimeException.class);
                }
            }
        }
    }

    /// Holds replies back until all requests were written.
    private static final class Gate implements java.nio.channels.ByteChannel {
        private final Tape tape;
        private final java.util.concurrent.CountDownLatch writes;

        Gate(Tape tape, int writes) {
            this.tape = tape;
            this.writes = new java.util.concurrent.CountDownLatch(writes);
        }

        @Override
        public int read(ByteBuffer target) {
            try {
                writes.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return tape.read(target);
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            int n = tape.write(source);
            writes.countDown();
            return n;
        }

        @Override
        public boolean isOpen() {
            return tape.isOpen();
        }

        @Override
        public void close() {
            tape.close();
        }
    }
}
