package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.bpfguard.nri.proto.ConfigureRequest;
import io.bpfguard.nri.proto.PluginGrpc;
import io.bpfguard.nri.proto.StartContainerRequest;
import io.bpfguard.nri.proto.StateChangeEvent;
import io.bpfguard.nri.proto.SynchronizeRequest;
import io.bpfguard.ttrpc.Frame;
import io.bpfguard.ttrpc.Mutator;
import io.bpfguard.ttrpc.StallWatch;
import io.bpfguard.ttrpc.Tape;
import io.bpfguard.ttrpc.TtrpcLimits;
import io.bpfguard.ttrpc.TtrpcServer;
import io.bpfguard.ttrpc.proto.Request;
import io.bpfguard.ttrpc.proto.Response;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Damaged input to the whole plugin side: trunk, two ttrpc ends, the Plugin service. Settings as in the ttrpc fuzz test.
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NriFuzzTest {
    private static final int COUNT =
            Integer.getInteger("bpfguard.fuzz.count", Boolean.getBoolean("bpfguard.long") ? 1_000_000 : 100_000);
    private static final long SEED = Long.getLong("bpfguard.fuzz.seed", 20261124);
    private static final int CAP = 64 * 1024;
    /// What the trunk's reader may allocate between two reads: one buffer's worth of pieces, even if each has one byte.
    private static final long TRUNK_BYTES = 3L * 1024 * 1024;
    private static final TtrpcLimits LIMITS = new TtrpcLimits(CAP, TtrpcLimits.MAX_MESSAGE_BYTES, 1000, Duration.ofSeconds(60));
    private static final List<String> METHODS =
            PluginGrpc.getServiceDescriptor().getMethods().stream().map(MethodDescriptor::getBareMethodName).toList();
    private static final List<Message> MESSAGES = List.of(
            ConfigureRequest.newBuilder().setRuntimeName("containerd").setRuntimeVersion("2.3.0").setNriVersion("0.12.0").build(),
            SynchronizeRequest.newBuilder().addPods(Samples.pod("p")).addContainers(Samples.container("c", "p")).build(),
            SynchronizeRequest.newBuilder().addPods(Samples.pod("p")).setMore(true).build(),
            StartContainerRequest.newBuilder().setPod(Samples.pod("p")).setContainer(Samples.container("c", "p")).build(),
            StateChangeEvent.newBuilder().setEventValue(6).setPod(Samples.pod("p")).setContainer(Samples.container("c", "p")).build());

    private final AtomicReference<Throwable> escaped = new AtomicReference<>();
    private Thread.UncaughtExceptionHandler before;

    @BeforeEach
    void watch() {
        before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> escaped.compareAndSet(null, failure));
    }

    @AfterEach
    void nothingEscaped() {
        Thread.setDefaultUncaughtExceptionHandler(before);
        assertThat(escaped.get()).isNull();
    }

    /// A plugin on a tape.
    private static final class Subject implements PluginService.Link {
        final Tape tape;
        final CompletableFuture<Throwable> closed = new CompletableFuture<>();
        final Mux mux;

        Subject(byte[] input, boolean endAtOnce) {
            tape = new Tape(input, endAtOnce);
            mux = new Mux(tape, CAP, 4L * CAP, new StallWatch(Duration.ofSeconds(60)), closed::complete);
            TtrpcServer.of(LIMITS, new PluginService(new Recorder(), NriOptions.of("fuzz", "99"), new SerialHandler(), this))
                    .serve(mux.open(1), cause -> {});
            mux.open(2);
            mux.start();
        }

        void awaitCleanEnd() throws Exception {
            assertThat(closed.get(60, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
            assertThat(tape.mostAllocated()).isLessThan(TRUNK_BYTES);
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void configured() {}

        @Override
        public void synchronizedNow() {}

        @Override
        public void fail(String reason) {}
    }

    private static byte[] mux(int id, byte[] payload) {
        return ByteBuffer.allocate(8 + payload.length).putInt(id).putInt(payload.length).put(payload).array();
    }

    private static byte[] ttrpc(long id, int type, byte[] data) {
        ByteBuffer encoded = new Frame(id, type, 0, ByteString.copyFrom(data)).encode();
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
    }

    private static byte[] request(Random random, byte[] payload) {
        return Request.newBuilder()
                .setService("nri.pkg.api.v1alpha1.Plugin")
                .setMethod(METHODS.get(random.nextInt(METHODS.size())))
                .setPayload(ByteString.copyFrom(payload))
                .setTimeoutNano(60_000_000_000L)
                .build()
                .toByteArray();
    }

    private static byte[] message(Random random) {
        return MESSAGES.get(random.nextInt(MESSAGES.size())).toByteArray();
    }

    private static byte[] noise(Random random, int bound) {
        byte[] bytes = new byte[random.nextInt(bound)];
        random.nextBytes(bytes);
        return bytes;
    }

    @Test
    @DisplayName("fuzz: random bytes into the trunk: a clean end, nothing but responses written")
    void randomTrunk() throws Exception {
        Random random = new Random(SEED);
        for (int i = 0; i < COUNT / 50; i++) {
            Subject subject = new Subject(noise(random, 400), true);
            subject.awaitCleanEnd();
            responses(subject.tape.written());
        }
    }

    @Test
    @DisplayName("fuzz: damaged golden streams: a clean end, correct statuses, no DATA frame")
    void damagedStreams() throws Exception {
        Random random = new Random(SEED + 1);
        Mutator mutator = new Mutator(random);
        for (int i = 0; i < COUNT / 50; i++) {
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            for (int n = 0; n < 6; n++) {
                byte[] frame = mux(1, ttrpc(2L * n + 1, Frame.REQUEST, request(random, message(random))));
                stream.writeBytes(n == 2 || n == 4 ? mutator.mutate(frame) : frame);
            }
            Subject subject = new Subject(stream.toByteArray(), true);
            subject.awaitCleanEnd();
            responses(subject.tape.written());
        }
    }

    @Test
    @DisplayName("fuzz: valid mux frames with random ttrpc: a clean end, correct statuses, no DATA frame")
    void randomTtrpc() throws Exception {
        Random random = new Random(SEED + 2);
        Mutator mutator = new Mutator(random);
        for (int i = 0; i < COUNT / 50; i++) {
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            for (int n = 0; n < 5; n++) {
                byte[] good = ttrpc(2L * n + 1, random.nextInt(4), request(random, message(random)));
                stream.writeBytes(mux(random.nextInt(4), random.nextBoolean() ? noise(random, 100) : mutator.mutate(good)));
            }
            Subject subject = new Subject(stream.toByteArray(), true);
            subject.awaitCleanEnd();
            responses(subject.tape.written());
        }
    }

    @Test
    @DisplayName("fuzz: valid ttrpc with random protobuf: every request is answered once, with OK or a correct status")
    void randomProtobuf() throws Exception {
        Random random = new Random(SEED + 3);
        Mutator mutator = new Mutator(random);
        int perStream = 20;
        for (int i = 0; i < COUNT / 4 / perStream; i++) {
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            for (int n = 0; n < perStream; n++) {
                byte[] payload = random.nextInt(3) == 0 ? noise(random, 60) : mutator.mutate(message(random));
                stream.writeBytes(mux(1, ttrpc(2L * n + 1, Frame.REQUEST, request(random, payload))));
            }
            Subject subject = new Subject(stream.toByteArray(), false);
            long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            Map<Long, Integer> answers;
            do {
                Thread.onSpinWait();
                answers = responses(subject.tape.written());
            } while (answers.size() < perStream && System.nanoTime() < giveUp);
            assertThat(answers).hasSize(perStream).allSatisfy((id, count) -> assertThat(count).isEqualTo(1));
            assertThat(subject.mux.isOpen()).isTrue();
            subject.mux.close();
            subject.awaitCleanEnd();
        }
    }

    /// All that was written must be responses on connection 1 with a correct status; counted by stream.
    private static Map<Long, Integer> responses(byte[] written) throws IOException {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        ByteBuffer b = ByteBuffer.wrap(written);
        while (b.hasRemaining()) {
            assertThat(b.getInt()).isEqualTo(1);
            byte[] piece = new byte[b.getInt()];
            b.get(piece);
            stream.writeBytes(piece);
        }
        Map<Long, Integer> answers = new HashMap<>();
        ByteBuffer t = ByteBuffer.wrap(stream.toByteArray());
        while (t.hasRemaining()) {
            int length = t.getInt();
            long id = Integer.toUnsignedLong(t.getInt());
            assertThat(t.get()).as("frame type").isEqualTo((byte) Frame.RESPONSE);
            assertThat(t.get()).as("flags").isZero();
            byte[] data = new byte[length];
            t.get(data);
            assertThat(Response.parseFrom(data).getStatus().getCode()).isBetween(0, 16);
            answers.merge(id, 1, Integer::sum);
        }
        return answers;
    }
}
