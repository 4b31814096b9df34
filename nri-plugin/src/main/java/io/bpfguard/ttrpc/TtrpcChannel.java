package io.bpfguard.ttrpc;

import com.google.protobuf.ByteString;
import io.bpfguard.ttrpc.FrameReader.Incoming;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The client end of a ttrpc connection, usable by every stub that protoc-gen-grpc-java generates.
///
/// Safe for many threads. Owns the byte channel: [#close()] closes it and fails all pending calls with UNAVAILABLE; so does the
/// peer's end of stream, and later calls fail at once. There is no reconnect: open another channel. Streaming methods are
/// refused with UNIMPLEMENTED. ttrpc has no cancel message, so a call that was cancelled or timed out here goes on at the
/// server, and its late reply is dropped (ttrpc PROTOCOL.md).
public final class TtrpcChannel extends Channel implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TtrpcChannel.class);
    private static final long LAST_STREAM_ID = 0xFFFF_FFFFL;

    private final TtrpcLimits limits;
    private final Connection connection;
    private final Map<Long, UnaryClientCall<?, ?>> pending = new ConcurrentHashMap<>();
    /// Guarded by the connection's writer lock.
    private long nextStreamId = 1;

    private TtrpcChannel(ByteChannel channel, TtrpcLimits limits) {
        this.limits = limits;
        this.connection = new Connection("ttrpc-client", channel, limits, new Replies());
    }

    /// Starts a client on a connected channel, of which it becomes the owner. The channel must block.
    public static TtrpcChannel over(ByteChannel channel, TtrpcLimits limits) {
        TtrpcChannel client = new TtrpcChannel(channel, limits);
        client.connection.start();
        return client;
    }

    @Override
    public <ReqT, RespT> ClientCall<ReqT, RespT> newCall(MethodDescriptor<ReqT, RespT> method, CallOptions options) {
        return new UnaryClientCall<>(this, method, options);
    }

    /// A fixed word: a ttrpc peer has no name.
    @Override
    public String authority() {
        return "ttrpc";
    }

    /// Whether calls can still succeed.
    public boolean isOpen() {
        return connection.isOpen();
    }

    /// Ends the connection. Idempotent; does not wait for pending calls, they fail.
    @Override
    public void close() {
        connection.close();
    }

    int maxSendBytes() {
        return limits.maxSendBytes();
    }

    ScheduledExecutorService timer() {
        return connection.timer();
    }

    /// Numbers a call and sends its request in one step, so that ids increase on the wire.
    ///
    /// @return the stream id
    long send(UnaryClientCall<?, ?> call, ByteString request) throws IOException {
        long[] streamId = new long[1];
        connection.sendInOrder(() -> {
            if (nextStreamId > LAST_STREAM_ID) {
                throw Status.UNAVAILABLE
                        .withDescription("all stream ids of this connection are used up; reconnect")
                        .asRuntimeException();
            }
            streamId[0] = nextStreamId;
            nextStreamId += 2;
            pending.put(streamId[0], call);
            return Frame.unary(streamId[0], Frame.REQUEST, request);
        });
        return streamId[0];
    }

    void forget(long streamId) {
        pending.remove(streamId);
    }

    private final class Replies implements Connection.Receiver {
        @Override
        public void frame(Frame frame) {
            UnaryClientCall<?, ?> call = pending.remove(frame.streamId());
            if (call == null) {
                LOG.debug("dropping a frame of type {} for stream {}, which nobody waits for", frame.type(), frame.streamId());
            } else if (frame.type() != Frame.RESPONSE) {
                call.fail(Status.INTERNAL.withDescription(
                        "protocol error: a frame of type %d came in place of a response".formatted(frame.type())));
            } else {
                call.reply(frame.data());
            }
        }

        @Override
        public void oversize(Incoming.Oversize oversize) {
            UnaryClientCall<?, ?> call = pending.remove(oversize.streamId());
            if (call != null) {
                call.fail(Status.RESOURCE_EXHAUSTED.withDescription("the reply has %d bytes, the limit is %d"
                        .formatted(oversize.length(), limits.maxReceiveBytes())));
            }
        }

        @Override
        public void closed(Throwable cause) {
            for (Long streamId : pending.keySet()) {
                UnaryClientCall<?, ?> call = pending.remove(streamId);
                if (call != null) {
                    call.fail(unavailable(cause));
                }
            }
        }
    }

    static Status unavailable(Throwable cause) {
        return Status.UNAVAILABLE.withDescription("the ttrpc connection is closed: " + cause.getMessage()).withCause(cause);
    }
}
