package io.bpfguard.ttrpc;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.ByteString;
import io.bpfguard.ttrpc.proto.Request;
import io.bpfguard.ttrpc.proto.Response;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One call at the server: runs the handler on the calling thread and lets the first answer win, be it the handler's, the
/// deadline's or the end of the connection. The handler sees the deadline as `Context.current().getDeadline()`.
final class UnaryServerCall<ReqT, RespT> extends ServerCall<ReqT, RespT> {
    private static final Logger LOG = LoggerFactory.getLogger(UnaryServerCall.class);

    private final ServerConnection connection;
    private final long streamId;
    private final Request request;
    private final ServerMethodDefinition<ReqT, RespT> definition;
    private final Context.CancellableContext context;
    private final AtomicBoolean answered = new AtomicBoolean();
    /// The answer and the handler's return; when both are there the call's permit is free.
    private final AtomicInteger openEnds = new AtomicInteger(2);
    private volatile ByteString payload;

    UnaryServerCall(
            ServerConnection connection,
            long streamId,
            Request request,
            ServerMethodDefinition<ReqT, RespT> definition,
            Deadline deadline,
            ScheduledExecutorService timer) {
        this.connection = connection;
        this.streamId = streamId;
        this.request = request;
        this.definition = definition;
        this.context = deadline == null ? Context.ROOT.withCancellation() : Context.ROOT.withDeadline(deadline, timer);
    }

    long streamId() {
        return streamId;
    }

    String name() {
        return definition.getMethodDescriptor().getFullMethodName();
    }

    /// Handles the call; never throws.
    void run() {
        try {
            context.addListener(cancelled -> onCancelled(), Thread::startVirtualThread);
            context.run(this::handle);
        } catch (RuntimeException | Error e) {
            LOG.warn("{} failed", name(), e);
            abort(Statuses.fromHandler(e));
        } finally {
            end();
        }
    }

    private void handle() {
        ServerCall.Listener<ReqT> listener =
                definition.getServerCallHandler().startCall(this, MetadataMapping.toGrpc(request.getMetadataList()));
        ReqT message;
        try {
            message = definition.getMethodDescriptor().parseRequest(request.getPayload().newInput());
        } catch (RuntimeException e) {
            abort(Status.INTERNAL.withDescription("cannot decode the request message of " + name()).withCause(e));
            return;
        }
        try {
            listener.onReady();
            listener.onMessage(message);
            listener.onHalfClose();
        } catch (RuntimeException | Error e) {
            LOG.debug("the handler of {} threw", name(), e);
            abort(Statuses.fromHandler(e));
        }
        if (answered.get()) {
            listener.onComplete();
        }
    }

    /// Ends the call with an error unless it has been answered.
    void abort(Status status) {
        answer(ServerConnection.error(status));
    }

    /// The peer is gone: nobody can be answered.
    void connectionLost() {
        if (answered.compareAndSet(false, true)) {
            context.cancel(null);
            end();
        }
    }

    private void onCancelled() {
        abort(Status.DEADLINE_EXCEEDED.withDescription("the handler of " + name() + " did not answer in time"));
    }

    private void answer(Response response) {
        if (!answered.compareAndSet(false, true)) {
            return;
        }
        try {
            connection.answer(this, response);
        } finally {
            context.cancel(null);
            end();
        }
    }

    private void end() {
        if (openEnds.decrementAndGet() == 0) {
            connection.release();
        }
    }

    // ---- what the handler may do ------------------------------------------------------------------------------

    /// No flow control: the one message is there already.
    @Override
    public void request(int count) {}

    /// ttrpc has no response headers.
    @Override
    public void sendHeaders(Metadata headers) {}

    @Override
    public void sendMessage(RespT message) {
        // Protobuf's marshaller would make an empty message of null, and so a success.
        requireNonNull(message, "the handler answered null");
        try (InputStream stream = definition.getMethodDescriptor().streamResponse(message)) {
            payload = ByteString.readFrom(stream);
        } catch (IOException e) {
            throw Status.INTERNAL.withDescription("cannot serialize the reply of " + name()).withCause(e).asRuntimeException();
        }
    }

    @Override
    public void close(Status status, Metadata trailers) {
        if (!status.isOk()) {
            answer(ServerConnection.error(described(status), trailers));
        } else if (payload == null) {
            abort(Status.UNKNOWN.withDescription("the handler of " + name() + " ended without a reply"));
        } else {
            answer(Response.newBuilder().setPayload(payload).build());
        }
    }

    /// An observer's `onError(exception)` arrives here as UNKNOWN with a cause and no text.
    private static Status described(Status status) {
        return status.getDescription() == null && status.getCause() != null && status.getCode() == Status.Code.UNKNOWN
                ? Statuses.fromHandler(status.getCause())
                : status;
    }

    @Override
    public boolean isCancelled() {
        return context.isCancelled();
    }

    @Override
    public MethodDescriptor<ReqT, RespT> getMethodDescriptor() {
        return definition.getMethodDescriptor();
    }
}
