package io.bpfguard.e2e.cri;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One session on the runtime's streaming server by the WebSocket protocol {@code v4.channel.k8s.io}: each binary message
 * starts with the number of a channel; channel 3 brings, at the end, a Kubernetes Status with how the command ended.
 */
final class ExecStream implements WebSocket.Listener {
    private static final String PROTOCOL = "v4.channel.k8s.io";
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int ERROR = 3;
    private static final int CHANNELS = 5;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private final ByteArrayOutputStream[] channels = new ByteArrayOutputStream[CHANNELS];
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private boolean inMessage;
    private int channel;

    private ExecStream() {
        for (int i = 0; i < CHANNELS; i++) {
            channels[i] = new ByteArrayOutputStream();
        }
    }

    static ExecResult run(URI url, Duration limit) throws InterruptedException {
        var stream = new ExecStream();
        var target = URI.create(url.toString().replaceFirst("^http", "ws"));
        try {
            CLIENT.newWebSocketBuilder().subprotocols(PROTOCOL).buildAsync(target, stream)
                    .get(limit.toSeconds(), TimeUnit.SECONDS);
            stream.closed.get(limit.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("session at " + url + " broke", e);
        }
        return stream.result();
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
        if (!inMessage && data.hasRemaining()) {
            channel = Math.clamp(data.get(), 0, CHANNELS - 1);
        }
        inMessage = !last;
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        channels[channel].writeBytes(bytes);
        socket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
        closed.complete(null);
        return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
        // The server may drop the connection without the closing handshake once it has told how the command ended.
        if (channels[ERROR].size() > 0) {
            closed.complete(null);
        } else {
            closed.completeExceptionally(error);
        }
    }

    private ExecResult result() {
        String stdout = channels[STDOUT].toString(StandardCharsets.UTF_8);
        String stderr = channels[STDERR].toString(StandardCharsets.UTF_8);
        String error = channels[ERROR].toString(StandardCharsets.UTF_8);
        JsonNode status;
        try {
            status = JSON.readTree(error.isBlank() ? "{}" : error);
        } catch (JsonProcessingException e) {
            return new ExecResult(ExecResult.NOT_EXECUTED, stdout, stderr, error);
        }
        if ("Success".equals(status.path("status").asText())) {
            return new ExecResult(0, stdout, stderr, "");
        }
        for (var cause : status.path("details").path("causes")) {
            if ("ExitCode".equals(cause.path("reason").asText())) {
                return new ExecResult(cause.path("message").asInt(), stdout, stderr, "");
            }
        }
        return new ExecResult(ExecResult.NOT_EXECUTED, stdout, stderr, status.path("message").asText(error));
    }
}
