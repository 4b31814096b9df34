package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.bpf.libbpf.InheritedSocket;
import io.bpfguard.nri.FakeRuntime.Knobs;
import io.bpfguard.nri.FakeRuntime.Link;
import io.bpfguard.nri.FakeRuntime.Reply;
import io.bpfguard.nri.proto.Event;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Plugins that the runtime starts: exactly three environment variables and a socket as fd 3.
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LaunchedTest {
    @TempDir
    Path directory;

    @Test
    @DisplayName("item 54: a process with fd 3 and nothing but the three variables registers, serves, and ends with its link")
    void process() throws Exception {
        int[] pair = Spawn.socketPair();
        Path output = directory.resolve("output");
        int pid = Spawn.start(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LaunchedMain.class.getName()),
                List.of("NRI_PLUGIN_NAME=guard", "NRI_PLUGIN_IDX=07", "NRI_PLUGIN_SOCKET=3"),
                pair[1],
                output);
        Spawn.close(pair[1]);
        try (Link link = new Link(InheritedSocket.adopt(pair[0]), Knobs.NEW)) {
            var registration = link.register();
            assertThat(registration.getPluginName()).isEqualTo("guard");
            assertThat(registration.getPluginIdx()).isEqualTo("07");
            assertThat(link.configure("from the file").getEvents()).isEqualTo(0x20);
            link.synchronize(List.of(Samples.pod("p")), List.of(Samples.container("c", "p")));
            Reply reply = link.event(Event.START_CONTAINER, Samples.pod("p"), Samples.container("c", "p"));
            assertThat(reply.text()).isEqualTo("NRI_PLUGIN_IDX NRI_PLUGIN_NAME NRI_PLUGIN_SOCKET");
            assertThat(link.mux.violations()).isEmpty();
        } finally {
            assertThat(Spawn.await(pid)).as(() -> read(output)).isEqualTo(7);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    @DisplayName("item 54: when the only link is lost the runner is closed, and does not try again")
    void lost() throws Exception {
        int[] pair = Spawn.socketPair();
        LaunchedConnector connector = new LaunchedConnector(pair[1]);
        try (NriRunner runner = NriRunner.start(new Recorder(), connector, NriOptions.of("guard", "07"))) {
            try (Link link = new Link(InheritedSocket.adopt(pair[0]), Knobs.OLD)) {
                link.register();
            }
            assertThat(runner.awaitState(NriState.CLOSED, Duration.ofSeconds(30))).isTrue();
            assertThat(runner.connections()).isEqualTo(1);
            assertThatThrownBy(connector::connect).isInstanceOf(IOException.class).hasMessageContaining("used before");
        }
    }

    @Test
    @DisplayName("item 54: closing the runner ends a read that waits in native code")
    void closeWhileWaiting() throws Exception {
        int[] pair = Spawn.socketPair();
        NriRunner runner = NriRunner.start(new Recorder(), new LaunchedConnector(pair[1]), NriOptions.of("guard", "07"));
        try (Link link = new Link(InheritedSocket.adopt(pair[0]), Knobs.OLD)) {
            link.register();
            runner.close();
            assertThat(runner.state()).isEqualTo(NriState.CLOSED);
            link.awaitClosed();
        }
    }

    @Test
    @DisplayName("item 54: the environment: absent, complete, and broken")
    void environment() {
        Map<String, String> good = Map.of("NRI_PLUGIN_NAME", "a", "NRI_PLUGIN_IDX", "10", "NRI_PLUGIN_SOCKET", "3");
        assertThat(LaunchEnvironment.from(Map.of("PATH", "/bin"))).isEmpty();
        assertThat(LaunchEnvironment.from(good)).contains(new LaunchEnvironment("a", "10", 3));
        for (Map<String, String> broken : List.of(
                Map.of("NRI_PLUGIN_SOCKET", "3"),
                Map.of("NRI_PLUGIN_NAME", "a", "NRI_PLUGIN_IDX", "10", "NRI_PLUGIN_SOCKET", "three"),
                Map.of("NRI_PLUGIN_NAME", "a", "NRI_PLUGIN_IDX", "10", "NRI_PLUGIN_SOCKET", "-1"),
                Map.of("NRI_PLUGIN_NAME", "a", "NRI_PLUGIN_IDX", "10", "NRI_PLUGIN_SOCKET", ""))) {
            assertThatThrownBy(() -> LaunchEnvironment.from(broken))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("NRI_PLUGIN_SOCKET");
        }
    }

    @Test
    @DisplayName("item 54: a descriptor that is no open socket is refused with a message")
    void noSocket() {
        assertThatThrownBy(() -> InheritedSocket.adopt(9999)).isInstanceOf(IOException.class).hasMessageContaining("9999");
    }

    @Test
    @DisplayName("item 54: the socket carries heap and direct buffers of any size, both ways, and ends cleanly")
    void inheritedSocket() throws Exception {
        int[] pair = Spawn.socketPair();
        byte[] sent = new byte[1_000_000];
        new Random(54).nextBytes(sent);
        InheritedSocket a = InheritedSocket.adopt(pair[0]);
        try (InheritedSocket b = InheritedSocket.adopt(pair[1])) {
            for (boolean direct : new boolean[] {false, true}) {
                ByteBuffer out = direct ? ByteBuffer.allocateDirect(sent.length) : ByteBuffer.allocate(sent.length);
                out.put(sent).flip();
                CompletableFuture<Void> writing = onThread(() -> {
                    while (out.hasRemaining()) {
                        a.write(out);
                    }
                });
                ByteBuffer in = direct ? ByteBuffer.allocateDirect(sent.length) : ByteBuffer.allocate(sent.length);
                while (in.hasRemaining()) {
                    assertThat(b.read(in)).isPositive();
                }
                writing.get();
                byte[] received = new byte[sent.length];
                in.flip().get(received);
                assertThat(received).isEqualTo(sent);
            }
            a.close();
            a.close();
            assertThat(b.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThatThrownBy(() -> b.write(ByteBuffer.allocate(1))).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> a.read(ByteBuffer.allocate(1))).isInstanceOf(ClosedChannelException.class);
        }
    }

    @Test
    @DisplayName("item 54: close ends a read that waits")
    void closeEndsRead() throws Exception {
        int[] pair = Spawn.socketPair();
        InheritedSocket a = InheritedSocket.adopt(pair[0]);
        try (InheritedSocket b = InheritedSocket.adopt(pair[1])) {
            assertThat(b.isOpen()).isTrue();
            CompletableFuture<Void> reading = onThread(() -> a.read(ByteBuffer.allocate(1)));
            Thread.sleep(50);
            a.close();
            assertThatThrownBy(reading::get)
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .satisfiesAnyOf(
                            e -> assertThat(e).isInstanceOf(AsynchronousCloseException.class),
                            e -> assertThat(e).isInstanceOf(ClosedChannelException.class));
        }
    }

    private interface Action {
        void run() throws Exception;
    }

    private static CompletableFuture<Void> onThread(Action action) {
        CompletableFuture<Void> end = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                action.run();
                end.complete(null);
            } catch (Exception e) {
                end.completeExceptionally(e);
            }
        });
        return end;
    }
}
