package io.bpfguard.ttrpc;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.bpfguard.ttrpc.proto.Request;
import io.bpfguard.ttrpc.proto.Response;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// One call of a client: request out at half-close, one reply, deadline or failure in, whichever is first.
final class UnaryClientCall<ReqT, RespT> extends ClientCall<ReqT, RespT> {
    private static final long NOT_SENT = 0;

    private final TtrpcChannel channel;
    private final MethodDescriptor<ReqT, RespT> method;
    private final CallOptions options;
    private final Executor executor;

    /// Confined to the caller, who uses a call from one thread at a time (io.grpc.ClientCall).
    private ByteString payload;
    private Metadata headers;

    private final ReentrantLock lock = new ReentrantLock();
    // All below are guarded by the lock.
    private Listener<RespT> listener;
    private long streamId = NOT_SENT;
    private Future<?> expiry;
    private boolean done;
    private boolean requested;
    private Runnable heldBack;

    UnaryClientCall(TtrpcChannel channel, MethodDescriptor<ReqT, RespT> method, CallOptions options) {
        this.channel = channel;
        this.method = method;
        this.options = options;
        this.executor = options.getExecutor() == null ? Thread::startVirtualThread : options.getExecutor();
    }

    @Override
    public void start(Listener<RespT> responseListener, Metadata requestHeaders) {
        lock.lock();
        try {
            if (listener != null) {
                throw new IllegalStateException("the call was started before");
            }
            listener = responseListener;
            headers = requestHeaders;
        } finally {
            lock.unlock();
        }
        if (method.getType() != MethodType.UNARY) {
            fail(Status.UNIMPLEMENTED.withDescription(
                    method.getFullMethodName() + " is a streaming method; this ttrpc client has unary calls only"));
        }
    }

    @Override
    public void request(int count) {
        Runnable release = null;
        lock.lock();
        try {
            requested = true;
            release = heldBack;
            heldBack = null;
        } finally {
            lock.unlock();
        }
        if (release != null) {
            executor.execute(release);
        }
    }

    @Override
    public void sendMessage(ReqT message) {
        requireNonNull(message, "the request is null");
        try (InputStream stream = method.streamRequest(message)) {
            payload = ByteString.readFrom(stream);
        } catch (IOException e) {
            fail(Status.INTERNAL.withDescription("cannot serialize the request").withCause(e));
        }
    }

    @Override
    public void halfClose() {
        Deadline deadline = earliest(options.getDeadline(), Context.current().getDeadline());
        Request.Builder request = Request.newBuilder()
                .setService(method.getServiceName())
                .setMethod(method.getBareMethodName())
                .addAllMetadata(MetadataMapping.fromGrpc(headers));
        if (payload != null) {
            request.setPayload(payload);
        }
        if (deadline != null) {
            long nanos = deadline.timeRemaining(TimeUnit.NANOSECONDS);
            if (nanos <= 0) {
                fail(expired());
                return;
            }
            request.setTimeoutNano(nanos);
        }
        ByteString bytes = request.build().toByteString();
        if (bytes.size() > channel.maxSendBytes()) {
            fail(Status.RESOURCE_EXHAUSTED.withDescription("the request of %s has %d bytes, the limit is %d"
                    .formatted(method.getFullMethodName(), bytes.size(), channel.maxSendBytes())));
            return;
        }
        send(bytes, deadline);
    }

    private void send(ByteString bytes, Deadline deadline) {
        long id;
        try {
            if (isDone()) {
                return;
            }
            id = channel.send(this, bytes);
        } catch (StatusRuntimeException e) {
            fail(e.getStatus());
            return;
        } catch (IOException e) {
            fail(TtrpcChannel.unavailable(e));
            return;
        }
        lock.lock();
        try {
            streamId = id;
            if (!done && deadline != null) {
                expiry = deadline.runOnExpiration(() -> fail(expired()), channel.timer());
            }
        } catch (RejectedExecutionException closing) {
            // The connection ended meanwhile and fails this call itself.
        } finally {
            lock.unlock();
        }
        if (isDone()) {
            channel.forget(id);
        }
    }

    @Override
    public void cancel(String message, Throwable cause) {
        fail(Status.CANCELLED.withDescription(message == null ? "cancelled by the caller" : message).withCause(cause));
    }

    /// The data of the response frame.
    void reply(ByteString data) {
        try {
            Response response = Response.parseFrom(data);
            Status status = Statuses.fromProto(response.getStatus());
            if (!status.isOk()) {
                finish(status, Statuses.trailers(response.getStatus()), null);
                return;
            }
            finish(Status.OK, new Metadata(), method.parseResponse(response.getPayload().newInput()));
        } catch (InvalidProtocolBufferException | RuntimeException e) {
            fail(Status.INTERNAL.withDescription("cannot decode the reply of " + method.getFullMethodName()).withCause(e));
        }
    }

    void fail(Status status) {
        finish(status, new Metadata(), null);
    }

    private void finish(Status status, Metadata trailers, RespT message) {
        Runnable delivery = () -> {
            if (message != null) {
                listener.onHeaders(new Metadata());
                listener.onMessage(message);
            }
            listener.onClose(status, trailers);
        };
        lock.lock();
        try {
            if (done || listener == null) {
                return;
            }
            done = true;
            if (expiry != null) {
                expiry.cancel(false);
            }
            if (streamId != NOT_SENT) {
                channel.forget(streamId);
            }
            if (message != null && !requested) {
                heldBack = delivery;
                return;
            }
        } finally {
            lock.unlock();
        }
        executor.execute(delivery);
    }

    private boolean isDone() {
        lock.lock();
        try {
            return done;
        } finally {
            lock.unlock();
        }
    }

    private Status expired() {
        return Status.DEADLINE_EXCEEDED.withDescription("no reply to " + method.getFullMethodName() + " within the deadline");
    }

    private static Deadline earliest(Deadline a, Deadline b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return a.minimum(b);
    }
}
