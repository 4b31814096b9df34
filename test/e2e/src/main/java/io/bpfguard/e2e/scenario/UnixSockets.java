package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.scenario.Trial.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Unix sockets by the path that they are bound to, whatever name the caller has for them. */
final class UnixSockets {
    private static final String NAME = "unix-sockets";

    private UnixSockets() {}

    /** A socket of the host below the shared directory was connected to. */
    record Reached(String file) implements Effect {
        private static final Map<Path, ServerSocketChannel> SERVERS = new ConcurrentHashMap<>();

        @Override
        public void reset(Stage stage, Container container) {
            Path path = stage.layout.shared().resolve(file);
            Path link = stage.layout.shared().resolve(file + ".link");
            try {
                ServerSocketChannel old = SERVERS.remove(path);
                if (old != null) {
                    old.close();
                }
                Files.deleteIfExists(path);
                Files.deleteIfExists(link);
                Files.createSymbolicLink(link, Path.of("/shared/" + file));
                ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path));
                server.configureBlocking(false);
                SERVERS.put(path, server);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean present(Stage stage, Container container) {
            try (SocketChannel taken = SERVERS.get(stage.layout.shared().resolve(file)).accept()) {
                return taken != null;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** The server is the host's: its path is the one that the host bound it to. */
    static Scenario scenario() {
        String rules = """
                network:
                  - {action: deny, operations: [connect], paths: [/run/e2e/shared/server.sock]}
                  - {action: deny, operations: [bind], types: [stream, dgram], paths: [/shared/own.sock]}
                """;
        var reached = new Reached("server.sock");
        var made = new Effect.FileMade("own.sock");
        return new TrialScenario(NAME, Catalogue.policy(NAME, rules), List.of(
                trial("connect", "network[0]", reached, "connect", "/shared/server.sock"),
                trial("connect through a symbolic link", "network[0]", reached, "connect", "/shared/server.sock.link"),
                trial("connect by a relative path", "network[0]", reached, "relative", "/shared/server.sock"),
                trial("bind", "network[1]", made, "bind", "/shared/own.sock"),
                trial("bind of a datagram socket", "network[1]", made, "bind-dgram", "/shared/own.sock")),
                List.of(List.of("/bin/sh", "-c", "/probes/unix bind /shared/other.sock && rm /shared/other.sock"),
                        List.of("/probes/unix", "bind", "@abstract")));
    }

    private static Trial trial(String title, String rule, Effect effect, String... how) {
        return new Trial(title, List.of("/probes/unix", how[0], how[1]), Errno.EPERM, NAME, rule, effect);
    }
}
