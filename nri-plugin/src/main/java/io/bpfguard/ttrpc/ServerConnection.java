package io.bpfguard.ttrpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.bpfguard.ttrpc.FrameReader.Incoming;
import io.bpfguard.ttrpc.proto.Request;
import io.bpfguard.ttrpc.proto.Response;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One peer of a [TtrpcServer]: checks each frame, starts calls and sends one response per request.
///
/// The rules follow what the Go server answers (ttrpc PROTOCOL.md and server.go), with four differences, all on the safe side: a
/// DATA frame is answered INVALID_ARGUMENT and nothing breaks; a reply above the send limit is replaced by RESOURCE_EXHAUSTED
/// instead of ending the connection; a call whose deadline has passed is answered DEADLINE_EXCEEDED by us, and the handler's
/// later result is dropped; calls beyond the limit of concurrent ones are answered RESOURCE_EXHAUSTED.
public final class ServerConnection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServerConnection.class);

    private final TtrpcLimits limits;
    private final Map<String, Map<String, ServerMethodDefinition<?, ?>>> services;
    private final Consumer<Throwable> onClosed;
    private final Connection connection;
    private final Semaphore permits;
    private final Map<Long, UnaryServerCall<?, ?>> inFlight = new ConcurrentHashMap<>();
    /// Confined to the reader thread.
    private long lastStreamId;

    ServerConnection(
            ByteChannel channel,
            TtrpcLimits limits,
            Map<String, Map<String, ServerMethodDefinition<?, ?>>> services,
            Consumer<Throwable> onClosed) {
        this.limits = limits;
        this.services = services;
        this.onClosed = onClosed;
        this.permits = new Semaphore(limits.maxInFlight());
        this.connection = new Connection("ttrpc-server", channel, limits, new Requests());
    }

    void start() {
        connection.start();
    }

    /// Whether the peer is still there.
    public boolean isOpen() {
        return connection.isOpen();
    }

    /// Ends the connection. Idempotent; running handlers see their gRPC context cancelled and their replies are dropped.
    @Override
    public void close() {
        connection.close();
    }

    /// Sends the one answer to a call that was started.
    void answer(UnaryServerCall<?, ?> call, Response response) {
        inFlight.remove(call.streamId(), call);
        ByteString data = response.toByteString();
        if (data.size() > limits.maxSendBytes()) {
            data = error(Status.RESOURCE_EXHAUSTED.withDescription("the reply of %s has %d bytes, the limit is %d"
                            .formatted(call.name(), data.size(), limits.maxSendBytes())))
                    .toByteString();
        }
        try {
            connection.send(Frame.unary(call.streamId(), Frame.RESPONSE, data));
        } catch (IOException e) {
            LOG.debug("the reply of {} is lost, the connection ended: {}", call.name(), e.toString());
        }
    }

    /// A call and its handler have both ended.
    void release() {
        permits.release();
    }

    static Response error(Status status) {
        return error(status, new Metadata());
    }

    static Response error(Status status, Metadata trailers) {
        return Response.newBuilder().setStatus(Statuses.toProto(status, trailers)).build();
    }

    private final class Requests implements Connection.Receiver {
        @Override
        public void frame(Frame frame) throws IOException {
            switch (frame.type()) {
                case Frame.REQUEST -> request(frame);
                case Frame.DATA -> data(frame.streamId());
                default -> LOG.debug("skipping a frame of type {} on stream {}", frame.type(), frame.streamId());
            }
        }

        @Override
        public void oversize(Incoming.Oversize oversize) throws IOException {
            switch (oversize.type()) {
                case Frame.REQUEST -> refuse(oversize.streamId(), Status.RESOURCE_EXHAUSTED.withDescription(
                        "the message has %d bytes, the limit is %d".formatted(oversize.length(), limits.maxReceiveBytes())));
                case Frame.DATA -> data(oversize.streamId());
                default -> LOG.debug("skipped {} bytes of type {}", oversize.length(), oversize.type());
            }
        }

        @Override
        public void closed(Throwable cause) {
            inFlight.values().forEach(UnaryServerCall::connectionLost);
            inFlight.clear();
            onClosed.accept(cause);
        }
    }

    private void request(Frame frame) throws IOException {
        long streamId = frame.streamId();
        if (streamId % 2 == 0) {
            refuse(streamId, Status.INVALID_ARGUMENT.withDescription("stream id %d is even; a client opens odd ones".formatted(streamId)));
            return;
        }
        if (streamId <= lastStreamId) {
            refuse(streamId, Status.INVALID_ARGUMENT.withDescription(
                    "stream id %d was used before; the last one was %d".formatted(streamId, lastStreamId)));
            return;
        }
        lastStreamId = streamId;
        Request request;
        try {
            request = Request.parseFrom(frame.data());
        } catch (InvalidProtocolBufferException e) {
            refuse(streamId, Status.INVALID_ARGUMENT.withDescription("cannot decode the request: " + e.getMessage()));
            return;
        }
        Map<String, ServerMethodDefinition<?, ?>> service = services.get(request.getService());
        if (service == null) {
            refuse(streamId, Status.UNIMPLEMENTED.withDescription("service " + request.getService()));
            return;
        }
        ServerMethodDefinition<?, ?> method = service.get(request.getMethod());
        if (method == null) {
            refuse(streamId, Status.UNIMPLEMENTED.withDescription("method " + request.getMethod()));
            return;
        }
        if (method.getMethodDescriptor().getType() != MethodType.UNARY) {
            refuse(streamId, Status.UNIMPLEMENTED.withDescription(
                    "method " + request.getMethod() + " is streaming; this server has unary methods only"));
            return;
        }
        startCall(streamId, request, method);
    }

    private void startCall(long streamId, Request request, ServerMethodDefinition<?, ?> method) throws IOException {
        if (request.getTimeoutNano() < 0) {
            refuse(streamId, Status.DEADLINE_EXCEEDED.withDescription("the deadline had passed when the request was sent"));
            return;
        }
        if (!permits.tryAcquire()) {
            refuse(streamId, Status.RESOURCE_EXHAUSTED.withDescription(
                    "%d calls are running, which is the limit".formatted(limits.maxInFlight())));
            return;
        }
        Deadline deadline = request.getTimeoutNano() == 0 ? null : Deadline.after(request.getTimeoutNano(), TimeUnit.NANOSECONDS);
        UnaryServerCall<?, ?> call;
        try {
            call = new UnaryServerCall<>(this, streamId, request, method, deadline, connection.timer());
        } catch (RejectedExecutionException e) {
            throw new IOException("the connection was closed meanwhile", e);
        }
        inFlight.put(streamId, call);
        Thread.ofVirtual().name("ttrpc-call-" + streamId).start(call::run);
    }

    /// A DATA frame can only be a mistake here. If it names a running call, that call ends with this answer: one per id.
    private void data(long streamId) throws IOException {
        Status status = Status.INVALID_ARGUMENT.withDescription("stream %d takes no data".formatted(streamId));
        UnaryServerCall<?, ?> call = inFlight.get(streamId);
        if (call == null) {
            refuse(streamId, status);
        } else {
            call.abort(status);
        }
    }

    private void refuse(long streamId, Status status) throws IOException {
        LOG.debug("stream {} refused: {}", streamId, status);
        connection.send(Frame.unary(streamId, Frame.RESPONSE, error(status).toByteString()));
    }
}
