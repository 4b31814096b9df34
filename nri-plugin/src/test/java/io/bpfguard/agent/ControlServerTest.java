package io.bpfguard.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.control.AgentStatus;
import io.bpfguard.control.AgentStatus.NamedContainer;
import io.bpfguard.control.ControlClient;
import io.bpfguard.control.ControlClient.NoAgent;
import io.bpfguard.control.Request;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command and the agent, over their real socket. */
class ControlServerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    private Path directory;

    private int reloads;
    private boolean broken;
    private ControlServer server;

    @BeforeEach
    void start() {
        server = ControlServer.start(run(), this::status, () -> reloads++);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private Path run() {
        return directory.resolve("run");
    }

    private AgentStatus status() {
        if (broken) {
            throw new IllegalStateException("broken");
        }
        return new AgentStatus("0.0.1", 12, "2026-11-29T00:00:00Z", "containerd 2.1", "synchronized", 3 + reloads, List.of("a", "b"),
                reloads == 0 ? List.of() : List.of("x.yaml:1:1: wrong"),
                List.of(new NamedContainer(1, "ns", "pod", "main", "c1", Map.of("app", "a"), List.of("a"))));
    }

    private String raw(String request) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(ControlClient.socket(run())))) {
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
            channel.shutdownOutput();
            return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void statusAndReload() throws Exception {
        ControlClient client = new ControlClient(run());
        assertThat(client.ask(Request.STATUS, PATIENCE)).isEqualTo(status());
        assertThat(reloads).isZero();
        AgentStatus after = client.ask(Request.RELOAD, PATIENCE);
        assertThat(reloads).isEqualTo(1);
        assertThat(after.generation()).isEqualTo(4);
        assertThat(after.problems()).containsExactly("x.yaml:1:1: wrong");
    }

    @Test
    void whatIsNoRequestGetsAReason() throws Exception {
        for (String request : List.of("", "{", "[]", "GET / HTTP/1.1\n", "{\"version\":1}", "{\"version\":2,\"ask\":\"status\"}", "{\"version\":1,\"ask\":\"stop\"}",
                "{\"version\":1,\"ask\":\"status\",\"more\":1}", "x".repeat(100_000))) {
            assertThat(answerOrReset(request)).as(request).matches("(?s)|\\{\"error\":\".*\",\"status\":null\\}");
        }
        broken = true;
        assertThatThrownBy(() -> new ControlClient(run()).ask(Request.STATUS, PATIENCE)).isInstanceOf(NoAgent.class).hasMessageContaining("internal error", "broken");
        broken = false;
        assertThat(new ControlClient(run()).ask(Request.STATUS, PATIENCE).pid()).isEqualTo(12);
        assertThat(reloads).isZero();
    }

    /** One that wrote more than is read is reset. */
    private String answerOrReset(String request) {
        try {
            return raw(request);
        } catch (IOException reset) {
            return "";
        }
    }

    @Test
    void onlyRootReachesTheSocket() throws Exception {
        Path socket = ControlClient.socket(run());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket))).isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.getParent()))).isEqualTo("rwx------");
        server.close();
        assertThat(socket).doesNotExist();
    }

    @Test
    void whoAsksNobodyIsTold() throws Exception {
        server.close();
        ControlClient client = new ControlClient(run());
        assertThatThrownBy(() -> client.ask(Request.STATUS, PATIENCE)).isInstanceOf(NoAgent.class).hasMessageContaining("no agent runs");
        Path socket = ControlClient.socket(run());
        // What a killed agent leaves.
        try (ServerSocketChannel left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            left.bind(UnixDomainSocketAddress.of(socket));
        }
        assertThat(socket).exists();
        assertThatThrownBy(() -> client.ask(Request.STATUS, PATIENCE)).isInstanceOf(NoAgent.class).hasMessageContaining("no agent answers");
        Files.delete(socket);
        // A frozen one.
        try (ServerSocketChannel frozen = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            frozen.bind(UnixDomainSocketAddress.of(socket));
            assertThatThrownBy(() -> client.ask(Request.STATUS, Duration.ofMillis(300))).isInstanceOf(NoAgent.class).hasMessageContaining("does not answer");
            Thread closes = Thread.ofPlatform().start(() -> {
                try {
                    frozen.accept();
                    frozen.accept().close();
                } catch (IOException failure) {
                    throw new AssertionError(failure);
                }
            });
            assertThatThrownBy(() -> client.ask(Request.STATUS, PATIENCE)).isInstanceOf(NoAgent.class).hasMessageContaining("no agent answers");
            closes.join();
        }
        server = ControlServer.start(run(), this::status, () -> reloads++);
        assertThat(client.ask(Request.STATUS, PATIENCE).pid()).isEqualTo(12);
    }
}
