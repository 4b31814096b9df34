package io.bpfguard.agent;

import io.bpfguard.cgroup.Cgroups;
import io.bpfguard.hook.HookException;
import io.bpfguard.hook.RuntimeState;
import io.bpfguard.hook.StartingContainer;
import io.bpfguard.metrics.Metrics;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.state.StoredContainers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
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
    private static final String YES = "yes";
    private static final Set<String> STAGES = Set.of("createRuntime", "poststop");

    private final RootSocket socket;
    private final Enforcement enforcement;
    private final StoredContainers stored;
    private final Cgroups cgroups;
    private final Metrics metrics;

    private HookServer(Path socket, Enforcement enforcement, StoredContainers stored, Cgroups cgroups, Metrics metrics) {
        this.enforcement = enforcement;
        this.stored = stored;
        this.cgroups = cgroups;
        this.metrics = metrics;
        this.socket = RootSocket.listen(socket, "hooks", this::serve);
    }

    /** Starts it; a socket that an earlier agent left is replaced. */
    static HookServer start(Path socket, Enforcement enforcement, StoredContainers stored, Cgroups cgroups, Metrics metrics) {
        return new HookServer(socket, enforcement, stored, cgroups, metrics);
    }

    private void serve(SocketChannel launcher) throws IOException {
        Request request = Request.read(launcher);
        String said = answer(request, () -> waits(launcher));
        metrics.hookAnswered(request.knownStage(), said.equals(YES));
        ByteBuffer answer = ByteBuffer.wrap((said + "\n").getBytes(StandardCharsets.UTF_8));
        while (answer.hasRemaining()) {
            launcher.write(answer);
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
            return YES;
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

        /** The stage, where it is one that hooks have. */
        String knownStage() {
            return STAGES.contains(stage) ? stage : "other";
        }

        ByteArrayInputStream body() {
            return new ByteArrayInputStream(state);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
