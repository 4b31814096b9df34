package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.bpfguard.nri.FakeRuntime.Knobs;
import io.bpfguard.nri.FakeRuntime.Link;
import io.bpfguard.nri.proto.Event;
import io.bpfguard.nri.proto.SynchronizeRequest;
import io.bpfguard.ttrpc.Frame;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The runtime goes away, at every moment and in every way, and comes back.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReconnectTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /// The moments at which the fake runtime drops the link.
    private enum Step {
        ACCEPTED {
            @Override
            void play(Link link) {}
        },
        REGISTER_READ {
            @Override
            void play(Link link) throws Exception {
                link.readRegister();
            }
        },
        REGISTERED {
            @Override
            void play(Link link) throws Exception {
                link.register();
            }
        },
        CONFIGURE_SENT {
            @Override
            void play(Link link) throws Exception {
                link.register();
                link.send("Configure", link.configureRequest(""));
            }
        },
        CONFIGURED {
            @Override
            void play(Link link) throws Exception {
                link.register();
                link.configure("");
            }
        },
        SYNC_HALF {
            @Override
            void play(Link link) throws Exception {
                CONFIGURED.play(link);
                link.call("Synchronize", SynchronizeRequest.newBuilder().addPods(Samples.pod("p")).setMore(true).build());
            }
        },
        SYNC_SENT {
            @Override
            void play(Link link) throws Exception {
                CONFIGURED.play(link);
                link.send("Synchronize", SynchronizeRequest.getDefaultInstance());
            }
        },
        SYNCHRONIZED {
            @Override
            void play(Link link) throws Exception {
                CONFIGURED.play(link);
                link.synchronize(List.of(), List.of());
            }
        },
        EVENT_SENT {
            @Override
            void play(Link link) throws Exception {
                SYNCHRONIZED.play(link);
                link.sendEvent(Event.CREATE_CONTAINER, Samples.pod("p"), Samples.container("c", "p"));
            }
        },
        EVENT_ANSWERED {
            @Override
            void play(Link link) throws Exception {
                SYNCHRONIZED.play(link);
                link.event(Event.CREATE_CONTAINER, Samples.pod("p"), Samples.container("c", "p"));
            }
        },
        IN_MUX_HEADER {
            @Override
            void play(Link link) throws Exception {
                SYNCHRONIZED.play(link);
                link.mux.write(ByteBuffer.wrap(new byte[] {0, 0, 0}));
            }
        },
        IN_MUX_FRAME {
            @Override
            void play(Link link) throws Exception {
                SYNCHRONIZED.play(link);
                link.mux.write(GoMux.header(1, 77));
            }
        },
        IN_TTRPC_FRAME {
            @Override
            void play(Link link) throws Exception {
                SYNCHRONIZED.play(link);
                byte[] half = new byte[12];
                new Frame(9, Frame.REQUEST, 0, ByteString.copyFrom(new byte[90])).encode().get(half);
                link.mux.write(GoMux.muxFrame(1, half, 0, half.length));
            }
        };

        abstract void play(Link link) throws Exception;
    }

    @TempDir
    Path directory;

    private final Recorder plugin = new Recorder();
    private NriRunner runner;

    private Path socket() {
        return directory.resolve("nri.sock");
    }

    private void start(Duration first, Duration max) {
        runner = NriRunner.start(
                plugin, new UnixSocketConnector(socket()), NriOptions.of("bpfguard", "10").withBackoff(first, max));
    }

    @AfterEach
    void close() {
        if (runner != null) {
            runner.close();
        }
    }

    private static void assertServes(FakeRuntime runtime) throws Exception {
        try (Link link = runtime.acceptReady()) {
            assertThat(link.event(Event.STOP_CONTAINER, Samples.pod("p"), Samples.container("c", "p")).ok()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(Step.class)
    @DisplayName("item 52: end of stream at every protocol step; the next link is complete again")
    void endAtStep(Step step) throws Exception {
        try (FakeRuntime runtime = FakeRuntime.listen(socket(), Knobs.OLD)) {
            start(Duration.ofMillis(5), Duration.ofMillis(20));
            for (int i = 0; i < 3; i++) {
                try (Link link = runtime.accept()) {
                    step.play(link);
                }
            }
            assertServes(runtime);
            assertThat(runner.connections()).isGreaterThanOrEqualTo(4);
        }
    }

    @Test
    @DisplayName("item 52: no socket (ENOENT), then a socket without a listener (ECONNREFUSED), then a runtime")
    void absent() throws Exception {
        start(Duration.ofMillis(5), Duration.ofMillis(20));
        awaitTrouble("No such file");
        assertThat(runner.state()).isEqualTo(NriState.DISCONNECTED);
        FakeRuntime.listen(socket(), Knobs.OLD).stop();
        awaitTrouble("refused");
        try (FakeRuntime runtime = FakeRuntime.listen(socket(), Knobs.OLD)) {
            assertServes(runtime);
        }
        assertThat(runner.awaitState(NriState.DISCONNECTED, PATIENCE)).isTrue();
    }

    private void awaitTrouble(String part) throws InterruptedException {
        long giveUp = System.nanoTime() + PATIENCE.toNanos();
        while (!runner.lastTrouble().contains(part)) {
            assertThat(System.nanoTime()).as("trouble is '%s'", runner.lastTrouble()).isLessThan(giveUp);
            Thread.sleep(5);
        }
    }

    @Test
    @DisplayName("item 52: the runtime restarts in a loop, each time with a new socket file")
    void restarts() throws Exception {
        start(Duration.ofMillis(2), Duration.ofMillis(10));
        for (int i = 0; i < 20; i++) {
            try (FakeRuntime runtime = FakeRuntime.listen(socket(), i % 2 == 0 ? Knobs.OLD : Knobs.NEW)) {
                assertServes(runtime);
            }
        }
    }

    @Test
    @DisplayName("item 52: the waits between tries are kept: a runtime that is not there is not hammered")
    void notHammered() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        Duration wait = Duration.ofMillis(100);
        long before = System.nanoTime();
        runner = NriRunner.start(
                plugin,
                () -> {
                    tries.incrementAndGet();
                    throw new IOException("not there");
                },
                NriOptions.of("bpfguard", "10").withBackoff(wait, wait));
        Thread.sleep(1000);
        runner.close();
        long most = (System.nanoTime() - before) / wait.multipliedBy(8).dividedBy(10).toNanos() + 1;
        assertThat(tries.get()).isBetween(2, (int) most);
        assertThat(runner.state()).isEqualTo(NriState.CLOSED);
    }

    @Test
    @DisplayName("item 52: a connector that throws anything at all does not end the runner")
    void oddConnector() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        try (FakeRuntime runtime = FakeRuntime.listen(socket(), Knobs.OLD)) {
            runner = NriRunner.start(
                    plugin,
                    () -> {
                        if (tries.incrementAndGet() < 4) {
                            throw new IllegalStateException("odd");
                        }
                        return new UnixSocketConnector(socket()).connect();
                    },
                    NriOptions.of("bpfguard", "10").withBackoff(Duration.ofMillis(1), Duration.ofMillis(5)));
            assertServes(runtime);
        }
    }

    @Test
    @DisplayName("item 52: no file descriptors and no threads are left over after many links (1000 with -Dbpfguard.long=true)")
    void noLeaks() throws Exception {
        int cycles = Boolean.getBoolean("bpfguard.long") ? 1000 : 100;
        Step[] steps = Step.values();
        try (FakeRuntime runtime = FakeRuntime.listen(socket(), Knobs.OLD)) {
            start(Duration.ofNanos(1000), Duration.ofMillis(1));
            for (int i = 0; i < steps.length; i++) {
                play(runtime, steps[i]);
            }
            long before = descriptors();
            int threadsBefore = platformThreads();
            for (int i = 0; i < cycles; i++) {
                play(runtime, steps[i % steps.length]);
            }
            runner.close();
            long giveUp = System.nanoTime() + PATIENCE.toNanos();
            while ((descriptors() > before || platformThreads() > threadsBefore) && System.nanoTime() < giveUp) {
                Thread.sleep(20);
            }
            assertThat(descriptors()).isLessThanOrEqualTo(before);
            assertThat(platformThreads()).isLessThanOrEqualTo(threadsBefore);
        }
    }

    private static void play(FakeRuntime runtime, Step step) throws Exception {
        try (Link link = runtime.accept()) {
            step.play(link);
        }
    }

    /// Sockets only: the JVM opens other files when it likes.
    private static long descriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).toString().startsWith("socket:");
                        } catch (IOException gone) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    private static int platformThreads() {
        return (int) Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("nri-") || thread.getName().startsWith("go-mux"))
                .count();
    }
}
