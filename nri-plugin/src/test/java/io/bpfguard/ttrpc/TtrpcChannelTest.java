package io.bpfguard.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.google.protobuf.Any;
import io.bpfguard.ttrpc.proto.KeyValue;
import io.bpfguard.ttrpc.proto.Request;
import io.bpfguard.ttrpc.proto.Response;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TtrpcChannelTest {
    /// A receiver for connections of which only the end matters.
    static final class Nobody implements Connection.Receiver {
        private final CompletableFuture<Throwable> cause = new CompletableFuture<>();

        @Override
        public void frame(Frame frame) {}

        @Override
        public void oversize(FrameReader.Incoming.Oversize oversize) {}

        @Override
        public void closed(Throwable why) {
            cause.complete(why);
        }

        Throwable cause() throws InterruptedException, ExecutionException {
            return cause.get();
        }
    }

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private RawPeer server;
    private TtrpcChannel channel;

    @BeforeEach
    void open() throws IOException {
        SocketPair pair = SocketPair.open();
        server = new RawPeer(pair.theirs());
        channel = TtrpcChannel.over(pair.ours(), TtrpcLimits.DEFAULT);
    }

    @AfterEach
    void close() throws IOException {
        channel.close();
        server.close();
        threads.shutdownNow();
    }

    private Future<KeyValue> call(String text) {
        return call(text, CallOptions.DEFAULT);
    }

    private Future<KeyValue> call(String text, CallOptions options) {
        return threads.submit(() -> ClientCalls.blockingUnaryCall(channel, Echo.ECHO, options, Echo.text(text)));
    }

    private static Response ok(String text) {
        return Response.newBuilder().setPayload(Echo.text(text).toByteString()).build();
    }

    private static Status failure(Future<?> call) {
        try {
            return failWith(call.get());
        } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOf(StatusRuntimeException.class);
            return ((StatusRuntimeException) e.getCause()).getStatus();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static Status failWith(Object result) {
        throw new AssertionError("the call succeeded with " + result);
    }

    /// One more call works: the connection has survived.
    private void assertUsable() throws Exception {
        Future<KeyValue> call = call("alive");
        Frame frame;
        do {
            frame = server.readFrame();
        } while (!Request.parseFrom(frame.data()).getPayload().equals(Echo.text("alive").toByteString()));
        server.response(frame.streamId(), ok("yes"));
        assertThat(call.get().getValue()).isEqualTo("yes");
    }

    @Test
    @DisplayName("item 3: a response without data is success and an empty message; so is a status with code 0")
    void emptyResponse() throws Exception {
        Future<KeyValue> empty = call("a");
        server.send(server.readFrame().streamId(), 2, 0, new byte[0]);
        assertThat(empty.get()).isEqualTo(KeyValue.getDefaultInstance());

        Future<KeyValue> zero = call("b");
        long id = server.readFrame().streamId();
        server.response(id, ok("b").toBuilder().setStatus(com.google.rpc.Status.newBuilder().setMessage("fine")).build());
        assertThat(zero.get().getValue()).isEqualTo("b");
    }

    @Test
    @DisplayName("item 9: with 64 concurrent callers the ids on the wire are 1, 3, 5, ...")
    void idsUnderConcurrency() throws Exception {
        int callers = 64;
        int each = 30;
        CountDownLatch go = new CountDownLatch(1);
        List<Future<Integer>> results = new ArrayList<>();
        for (int i = 0; i < callers; i++) {
            String name = "caller" + i;
            results.add(threads.submit(() -> {
                go.await();
                int good = 0;
                for (int n = 0; n < each; n++) {
                    String text = name + "-" + n;
                    KeyValue reply = ClientCalls.blockingUnaryCall(channel, Echo.ECHO, CallOptions.DEFAULT, Echo.text(text));
                    good += reply.getValue().equals(text) ? 1 : 0;
                }
                return good;
            }));
        }
        go.countDown();
        Set<String> seen = new HashSet<>();
        for (long n = 0; n < (long) callers * each; n++) {
            Frame frame = server.readFrame();
            assertThat(frame.streamId()).isEqualTo(2 * n + 1);
            assertThat(frame.type()).isEqualTo(Frame.REQUEST);
            assertThat(frame.flags()).isZero();
            Request request = Request.parseFrom(frame.data());
            assertThat(seen.add(request.getPayload().toStringUtf8())).isTrue();
            server.response(frame.streamId(), Response.newBuilder().setPayload(request.getPayload()).build());
        }
        for (Future<Integer> result : results) {
            assertThat(result.get()).isEqualTo(each);
        }
    }

    @Test
    @DisplayName("item 10: replies out of order reach their calls")
    void outOfOrder() throws Exception {
        List<Future<KeyValue>> calls = new ArrayList<>();
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            calls.add(call("c" + i));
            ids.add(server.readFrame().streamId());
        }
        for (int i : new int[] {3, 0, 4, 2, 1}) {
            server.response(ids.get(i), ok("r" + i));
        }
        for (int i = 0; i < 5; i++) {
            assertThat(calls.get(i).get().getValue()).isEqualTo("r" + i);
        }
    }

    @Test
    @DisplayName("item 11: a reply to an unknown id and a second reply are dropped")
    void strayReplies() throws Exception {
        server.response(77, ok("nobody"));
        server.response(0, ok("nobody"));
        Future<KeyValue> call = call("a");
        long id = server.readFrame().streamId();
        server.response(id + 2, ok("the next call's id"));
        server.response(id, ok("first"));
        server.response(id, ok("second"));
        assertThat(call.get().getValue()).isEqualTo("first");
        assertUsable();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
    @DisplayName("item 12: every status code arrives as StatusRuntimeException with its message")
    void statusCodes(int code) throws Exception {
        Future<KeyValue> call = call("a");
        server.response(
                server.readFrame().streamId(),
                Response.newBuilder()
                        .setStatus(com.google.rpc.Status.newBuilder().setCode(code).setMessage("text " + code))
                        .build());
        Status status = failure(call);
        assertThat(status.getCode().value()).isEqualTo(code);
        assertThat(status.getDescription()).isEqualTo("text " + code);
    }

    @Test
    @DisplayName("item 12: a code outside 0 to 16 is UNKNOWN; details survive")
    void oddStatus() throws Exception {
        for (int code : new int[] {17, -1, Integer.MAX_VALUE}) {
            Future<KeyValue> call = call("a");
            server.response(
                    server.readFrame().streamId(),
                    Response.newBuilder()
                            .setStatus(com.google.rpc.Status.newBuilder().setCode(code).setMessage("odd").addDetails(Any.pack(Echo.text("d"))))
                            .build());
            assertThat(failure(call).getCode()).isEqualTo(Status.Code.UNKNOWN);
        }
        Future<KeyValue> call = call("a");
        com.google.rpc.Status detailed =
                com.google.rpc.Status.newBuilder().setCode(9).setMessage("m").addDetails(Any.pack(Echo.text("d"))).build();
        server.response(server.readFrame().streamId(), Response.newBuilder().setStatus(detailed).build());
        assertThatThrownBy(call::get)
                .cause()
                .asInstanceOf(type(StatusRuntimeException.class))
                .extracting(StatusProto::fromThrowable)
                .isEqualTo(detailed);
    }

    @ParameterizedTest
    @ValueSource(ints = {Frame.DATA, Frame.REQUEST, 9, 0, 255})
    @DisplayName("item 13: DATA, REQUEST or an unknown type in place of the reply fails that call only")
    void wrongType(int frameType) throws Exception {
        Future<KeyValue> bystander = call("other");
        long other = server.readFrame().streamId();
        Future<KeyValue> call = call("a");
        server.send(server.readFrame().streamId(), frameType, 0, new byte[] {1, 2, 3});
        Status status = failure(call);
        assertThat(status.getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(status.getDescription()).contains("protocol error");
        server.response(other, ok("fine"));
        assertThat(bystander.get().getValue()).isEqualTo("fine");
    }

    @Test
    @DisplayName("item 13: a reply that cannot be decoded, envelope or message, fails that call only")
    void garbageReply() throws Exception {
        Future<KeyValue> envelope = call("a");
        server.send(server.readFrame().streamId(), 2, 0, new byte[] {(byte) 0xff, (byte) 0xff});
        assertThat(failure(envelope).getCode()).isEqualTo(Status.Code.INTERNAL);
        Future<KeyValue> message = call("b");
        server.response(
                server.readFrame().streamId(),
                Response.newBuilder().setPayload(com.google.protobuf.ByteString.copyFrom(new byte[] {(byte) 0xff})).build());
        assertThat(failure(message).getCode()).isEqualTo(Status.Code.INTERNAL);
        assertUsable();
    }

    @Test
    @DisplayName("item 14: the deadline is sent, expires locally, and the late reply is dropped")
    void deadline() throws Exception {
        Duration budget = Duration.ofMillis(150);
        Future<KeyValue> call = call("slow", CallOptions.DEFAULT.withDeadlineAfter(budget.toNanos(), TimeUnit.NANOSECONDS));
        Frame frame = server.readFrame();
        assertThat(Request.parseFrom(frame.data()).getTimeoutNano()).isPositive().isLessThanOrEqualTo(budget.toNanos());
        assertThat(failure(call).getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        server.response(frame.streamId(), ok("late"));
        assertUsable();
    }

    @Test
    @DisplayName("item 14: a deadline in the past fails without sending, and without a deadline none is sent")
    void deadlineAtTheEdges() throws Exception {
        Future<KeyValue> late = call("a", CallOptions.DEFAULT.withDeadlineAfter(-1, TimeUnit.SECONDS));
        assertThat(failure(late).getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        Future<KeyValue> call = call("b");
        Frame frame = server.readFrame();
        assertThat(frame.streamId()).isEqualTo(1);
        assertThat(Request.parseFrom(frame.data()).getTimeoutNano()).isZero();
        server.response(1, ok("b"));
        assertThat(call.get().getValue()).isEqualTo("b");
    }

    @Test
    @DisplayName("item 15: the end of stream fails all pending calls with UNAVAILABLE, and later calls at once")
    void endOfStream() throws Exception {
        List<Future<KeyValue>> calls = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            calls.add(call("c" + i));
            server.readFrame();
        }
        server.close();
        for (Future<KeyValue> call : calls) {
            assertThat(failure(call).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        }
        assertThat(failure(call("later")).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    @DisplayName("item 15: closing the channel fails pending calls too")
    void closeFailsPending() throws Exception {
        Future<KeyValue> call = call("c");
        server.readFrame();
        channel.close();
        assertThat(failure(call).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(server.atEnd()).isTrue();
    }

    @Test
    @DisplayName("item 16: a request above the limit is refused here, nothing is sent, and the link is usable")
    void oversizeRequest() throws Exception {
        Status status = failure(call("x".repeat(TtrpcLimits.MAX_MESSAGE_BYTES)));
        assertThat(status.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertUsable();
    }

    @Test
    @DisplayName("item 16: a reply above the limit fails its call only")
    void oversizeReply() throws Exception {
        Future<KeyValue> call = call("a");
        server.send(server.readFrame().streamId(), 2, 0, new byte[TtrpcLimits.MAX_MESSAGE_BYTES + 1]);
        assertThat(failure(call).getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertUsable();
    }

    @ParameterizedTest
    @ValueSource(strings = {"SERVER_STREAMING", "CLIENT_STREAMING", "BIDI_STREAMING"})
    @DisplayName("item 17: streaming methods are refused and nothing is sent for them")
    void streaming(MethodType methodType) throws Exception {
        var method = Echo.method("Stream", methodType);
        CompletableFuture<Status> closed = new CompletableFuture<>();
        var call = channel.newCall(method, CallOptions.DEFAULT);
        call.start(
                new io.grpc.ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, io.grpc.Metadata trailers) {
                        closed.complete(status);
                    }
                },
                new io.grpc.Metadata());
        call.request(1);
        call.sendMessage(Echo.text("x"));
        call.halfClose();
        assertThat(closed.get().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
        assertUsable();
    }

    @Test
    @DisplayName("item 14: a cancelled call ends here; its late reply is dropped")
    void cancel() throws Exception {
        CompletableFuture<Status> closed = new CompletableFuture<>();
        var call = channel.newCall(Echo.ECHO, CallOptions.DEFAULT);
        call.start(
                new io.grpc.ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, io.grpc.Metadata trailers) {
                        closed.complete(status);
                    }
                },
                new io.grpc.Metadata());
        call.request(2);
        call.sendMessage(Echo.text("x"));
        call.halfClose();
        long id = server.readFrame().streamId();
        call.cancel("enough", null);
        assertThat(closed.get().getCode()).isEqualTo(Status.Code.CANCELLED);
        server.response(id, ok("late"));
        assertUsable();
    }
}
