package io.bpfguard.control;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Asks the agent of this node. */
public final class ControlClient {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int LARGEST_ANSWER = 64 << 20;
    private final Path socket;

    /** @param run the agent's directory of sockets */
    public ControlClient(Path run) {
        this.socket = socket(run);
    }

    /** Where an agent with this directory listens. */
    public static Path socket(Path run) {
        return run.resolve("control.sock");
    }

    /** Nobody answered; the message says why and what to do. */
    public static final class NoAgent extends Exception {
        private static final long serialVersionUID = 1;

        NoAgent(String message) {
            super(message);
        }
    }

    /**
     * Asks, and waits for the answer.
     *
     * @param ask one of {@link Request}'s
     * @param patience how long
     * @throws NoAgent if there is no agent, it does not answer in time, or refuses
     */
    public AgentStatus ask(String ask, Duration patience) throws NoAgent {
        if (!Files.exists(socket)) {
            throw new NoAgent("no agent runs: there is no " + socket + "; start it, or say where it is with --run");
        }
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            // Before the time counts: the first JSON of a process takes it longer than the agent.
            byte[] request = (MAPPER.writeValueAsString(new Request(Request.VERSION, ask)) + "\n").getBytes(StandardCharsets.UTF_8);
            // A channel has no time limit: closing it ends this thread's wait.
            CompletableFuture<byte[]> answer = new CompletableFuture<>();
            Thread.ofPlatform().daemon().name("control").start(() -> {
                try {
                    answer.complete(exchange(channel, request));
                } catch (IOException | RuntimeException failure) {
                    answer.completeExceptionally(failure);
                }
            });
            Answer got = MAPPER.readValue(answer.get(patience.toMillis(), TimeUnit.MILLISECONDS), Answer.class);
            if (got.status() == null) {
                throw new NoAgent("the agent refuses: " + got.error());
            }
            return got.status();
        } catch (TimeoutException late) {
            throw new NoAgent("the agent does not answer within " + patience.toSeconds() + " s: it may be stopped, or at work; see its log");
        } catch (ExecutionException failure) {
            throw new NoAgent("no agent answers at " + socket + ": " + failure.getCause().getMessage() + "; start it");
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new NoAgent("interrupted while waiting for the agent");
        } catch (IOException failure) {
            throw new NoAgent("no agent can be asked: " + failure.getMessage());
        }
    }

    private byte[] exchange(SocketChannel channel, byte[] request) throws IOException {
        channel.connect(UnixDomainSocketAddress.of(socket));
        ByteBuffer rest = ByteBuffer.wrap(request);
        while (rest.hasRemaining()) {
            channel.write(rest);
        }
        channel.shutdownOutput();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer part = ByteBuffer.allocate(1 << 16);
        while (channel.read(part.clear()) >= 0) {
            all.write(part.array(), 0, part.position());
            if (all.size() > LARGEST_ANSWER) {
                throw new IOException("an answer of more than " + (LARGEST_ANSWER >> 20) + " MiB");
            }
        }
        if (all.size() == 0) {
            throw new IOException("it closed the connection without an answer");
        }
        return all.toByteArray();
    }
}
