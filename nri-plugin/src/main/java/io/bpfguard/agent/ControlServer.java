package io.bpfguard.agent;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.bpfguard.control.AgentStatus;
import io.bpfguard.control.Answer;
import io.bpfguard.control.ControlClient;
import io.bpfguard.control.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the {@code bpfguard} command: a line with a {@link Request}, then one with an {@link Answer}, and the end. */
final class ControlServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);
    private static final int LONGEST_REQUEST = 4096;

    private final ObjectMapper mapper = new ObjectMapper();
    private final RootSocket socket;
    private final Supplier<AgentStatus> status;
    private final Runnable reload;

    private ControlServer(Path run, Supplier<AgentStatus> status, Runnable reload) {
        this.status = status;
        this.reload = reload;
        this.socket = RootSocket.listen(ControlClient.socket(run), "commands", this::serve);
    }

    /**
     * Starts it.
     *
     * @param run the agent's directory of sockets
     * @param reload reads the policies again, and ends when they are in force or refused
     */
    static ControlServer start(Path run, Supplier<AgentStatus> status, Runnable reload) {
        return new ControlServer(run, status, reload);
    }

    private void serve(SocketChannel peer) throws IOException {
        ByteBuffer answer = ByteBuffer.wrap(mapper.writeValueAsBytes(answer(read(peer))));
        while (answer.hasRemaining()) {
            peer.write(answer);
        }
    }

    private static byte[] read(SocketChannel peer) throws IOException {
        ByteBuffer request = ByteBuffer.allocate(LONGEST_REQUEST);
        boolean ended = false;
        while (!ended && request.hasRemaining()) {
            ended = peer.read(request) < 0 || request.get(request.position() - 1) == '\n';
        }
        return Arrays.copyOf(request.array(), request.position());
    }

    private Answer answer(byte[] line) {
        try {
            Request request = mapper.readValue(line, Request.class);
            if (request.version() != Request.VERSION || request.ask() == null) {
                return new Answer("this agent speaks version " + Request.VERSION + " of its protocol, not " + request.version()
                        + ": use the command of the same package", null);
            }
            return switch (request.ask()) {
                case Request.STATUS -> new Answer(null, status.get());
                case Request.RELOAD -> {
                    reload.run();
                    yield new Answer(null, status.get());
                }
                default -> new Answer("this agent does not know \"" + request.ask() + "\": use the command of the same package", null);
            };
        } catch (JsonProcessingException wrong) {
            return new Answer("this is no request: " + wrong.getOriginalMessage(), null);
        } catch (IOException | RuntimeException failure) {
            LOG.error("a command is refused for an internal error", failure);
            return new Answer("internal error: " + failure + "; see its log", null);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
