package io.bpfguard.agent;

import io.bpfguard.cgroup.Cgroups;
import io.bpfguard.hook.HookException;
import io.bpfguard.hook.RuntimeState;
import io.bpfguard.hook.StartingContainer;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.state.RootDirectory;
import io.bpfguard.state.StoredContainers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the launchers of OCI hooks on a Unix socket that only root can reach. A launcher sends the line
 * {@code bpfguard-hook 1 STAGE MILLISECONDS NAMESPACE LENGTH} and so many bytes of the runtime's state, and gets one line: {@code yes} when
 * the container's route was written and read back, or {@code no} and the reason. One that has waited its milliseconds closes its end:
 * then nothing is done, since the hook does it without the agent.
 */
final class HookServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HookServer.class);
    private static final int LONGEST_HEADER = 256;
    private static final int LARGEST_STATE = 16 << 20;
    private static final int LONGEST_REASON = 4000;

    private final ServerSocketChannel server;
    private final Path socket;
    private final Enforcement enforcement;
    private final StoredContainers stored;
    private final Cgroups cgroups;

    private HookServer(ServerSocketChannel server, Path socket, Enforcement enforcement, StoredContainers stored, Cgroups cgroups) {
        this.server = server;
        this.socket = socket;
        this.enforcement = enforcement;
        this.stored = stored;
        this.cgroups = cgroups;
    }

    /** Starts it; a socket that an earlier agent left is replaced. */
    static HookServer start(Path socket, Enforcement enforcement, StoredContainers stored, Cgroups cgroups) {
        try {
            RootDirectory.make(socket.getParent());
            Files.deleteIfExists(socket);
            ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            channel.bind(UnixDomainSocketAddress.of(socket), 128);
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            HookServer started = new HookServer(channel, socket, enforcement, stored, cgroups);
            Thread.ofPlatform().daemon().name("hooks").start(started::accept);
            return started;
        } catch (IOException failure) {
            throw new UncheckedIOException("making the socket for OCI hooks, " + socket, failure);
        }
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel launcher = server.accept();
                Thread.ofVirtual().name("hook").start(() -> serve(launcher));
            } catch (IOException closed) {
                if (server.isOpen()) {
                    LOG.error("accepting OCI hooks failed; they go on without the agent", closed);
                }
                return;
            }
        }
    }

    private void serve(SocketChannel launcher) {
        try (launcher) {
            Request request = Request.read(launcher);
            ByteBuffer answer = ByteBuffer.wrap((answer(request, () -> waits(launcher)) + "\n").getBytes(StandardCharsets.UTF_8));
            while (answer.hasRemaining()) {
                launcher.write(answer);
            }
        } catch (IOException failure) {
            LOG.warn("a hook could not be answered: {}", failure.toString());
        }
    }

    /** Whether its end is still open: it sends no more, and closes it when it has given up. */
    private static boolean waits(SocketChannel launcher) {
        try {
            launcher.configureBlocking(false);
            try {
                return launcher.read(ByteBuffer.allocate(1)) == 0;
            } finally {
                launcher.configureBlocking(true);
            }
        } catch (IOException reset) {
            return false;
        }
    }

    private String answer(Request request, BooleanSupplier waits) {
        try {
            switch (request.stage()) {
                case "createRuntime" -> takeIn(request, waits);
                case "poststop" -> {
                    String id = RuntimeState.read(request.body()).id();
                    stored.remove(id);
                    enforcement.remove(id);
                }
                default -> throw new HookException("there is nothing to do at the stage " + request.stage());
            }
            return "yes";
        } catch (HookException | AgentException | PolicyException | IOException told) {
            return no(told.getMessage());
        } catch (RuntimeException failure) {
            LOG.error("a hook is refused for an internal error", failure);
            return no("internal error in the agent: " + failure + "; see its log");
        }
    }

    private static String no(String reason) {
        String line = new HookException(String.valueOf(reason).strip().replace("\n", "; ")).getMessage();
        LOG.warn("a container is refused to its hook: {}", line);
        return "no " + line.substring(0, Math.min(LONGEST_REASON, line.length()));
    }

    private void takeIn(Request request, BooleanSupplier waits) throws HookException, AgentException, PolicyException, IOException {
        StartingContainer starting = StartingContainer.read(request.body(), cgroups);
        if (!waits.getAsBoolean()) {
            throw new AgentException("the hook gave the agent up");
        }
        String id = starting.container().facts().containerId();
        // Before it is taken in: another agent must find it from then on.
        stored.write(starting.stored());
        boolean done = false;
        try {
            enforcement.hooked(starting.stored(), starting.container().labelsKnown(), request.mountNamespace(), waits);
            done = true;
        } finally {
            // What a hook that has gone on alone has written is its own.
            if (!done && waits.getAsBoolean()) {
                stored.remove(id);
            }
        }
    }

    /**
     * What a launcher sends.
     *
     * @param mountNamespace inode number of the one that the runtime works in
     */
    private record Request(String stage, int mountNamespace, byte[] state) {
        static Request read(SocketChannel launcher) throws IOException {
            StringBuilder header = new StringBuilder();
            ByteBuffer one = ByteBuffer.allocate(1);
            while (header.isEmpty() || header.charAt(header.length() - 1) != '\n') {
                if (launcher.read(one.clear()) < 0 || header.length() > LONGEST_HEADER) {
                    throw new IOException("the request ends in its first line, or that is too long");
                }
                header.append((char) (one.get(0) & 0xff));
            }
            String[] words = header.toString().strip().split(" ");
            if (words.length != 6 || !words[0].equals("bpfguard-hook") || !words[1].equals("1")) {
                throw new IOException("a request of another version: " + header.toString().strip());
            }
            try {
                int length = Integer.parseInt(words[5]);
                if (length < 0 || length > LARGEST_STATE) {
                    throw new IOException("a state of " + length + " bytes");
                }
                ByteBuffer state = ByteBuffer.allocate(length);
                while (state.hasRemaining()) {
                    if (launcher.read(state) < 0) {
                        throw new IOException("the request ends in the runtime's state");
                    }
                }
                return new Request(words[2], (int) Long.parseLong(words[4]), state.array());
            } catch (NumberFormatException wrong) {
                throw new IOException("a request without its numbers: " + header.toString().strip(), wrong);
            }
        }

        ByteArrayInputStream body() {
            return new ByteArrayInputStream(state);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(socket);
    }
}
