package io.bpfguard.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.bpfguard.ttrpc.proto.KeyValue;
import io.bpfguard.ttrpc.proto.Request;
import io.bpfguard.ttrpc.proto.Response;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.stub.ServerCalls.UnaryMethod;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TtrpcServerTest {
    private static final int OK = 0;
    private static final int UNKNOWN = 2;
    private static final int INVALID_ARGUMENT = 3;
    private static final int DEADLINE_EXCEEDED = 4;
    private static final int RESOURCE_EXHAUSTED = 8;
    private static final int FAILED_PRECONDITION = 9;
    private static final int UNIMPLEMENTED = 12;
    private static final int INTERNAL = 13;

    private final CompletableFuture<Throwable> closed = new CompletableFuture<>();
    private final AtomicReference<Thread> readerThread = new AtomicReference<>();
    private RawPeer client;
    private ServerConnection connection;

    private RawPeer serve(Echo echo) throws IOException {
        return serve(echo, TtrpcLimits.DEFAULT);
    }

    private RawPeer serve(Echo echo, TtrpcLimits limits) throws IOException {
        SocketPair pair = SocketPair.open();
        client = new RawPeer(pair.theirs());
        connection = TtrpcServer.of(limits, echo).serve(pair.ours(), cause -> {
            readerThread.set(Thread.currentThread());
            closed.complete(cause);
        });
        return client;
    }

    @AfterEach
    void close() throws IOException {
        if (client != null) {
            client.close();
            connection.close();
        }
    }

    private static int code(Response response) {
        return response.getStatus().getCode();
    }

    /// The connection has survived: a call on this id is echoed.
    private void assertUsable(long streamId) throws IOException {
        client.request(streamId, Echo.call("Echo", "alive"));
        Response response = client.readResponse(streamId);
        assertThat(code(response)).isEqualTo(OK);
        assertThat(KeyValue.parseFrom(response.getPayload()).getValue()).isEqualTo("alive");
    }

    @Test
    @DisplayName("item 4: a request of exactly 4 MiB is served, one byte more is answered 8, and the stream continues")
    void limit() throws IOException {
        serve(new Echo());
        Request base = Echo.call("Nothing", ByteString.copyFrom(new byte[TtrpcLimits.MAX_MESSAGE_BYTES - 100]));
        int missing = TtrpcLimits.MAX_MESSAGE_BYTES - base.getSerializedSize();
        Request full = Echo.call("Nothing", ByteString.copyFrom(new byte[TtrpcLimits.MAX_MESSAGE_BYTES - 100 + missing]));
        assertThat(full.getSerializedSize()).isEqualTo(TtrpcLimits.MAX_MESSAGE_BYTES);
        client.request(1, full);
        assertThat(code(client.readResponse(1))).isEqualTo(UNIMPLEMENTED);
        client.send(3, 1, 0, new byte[TtrpcLimits.MAX_MESSAGE_BYTES + 1]);
        Response refused = client.readResponse(3);
        assertThat(code(refused)).isEqualTo(RESOURCE_EXHAUSTED);
        assertThat(refused.getStatus().getMessage()).contains("4194305").contains("4194304");
        assertUsable(5);
    }

    @Test
    @DisplayName("item 4: the receive limit can be raised")
    void raisedLimit() throws IOException {
        serve(new Echo(), TtrpcLimits.DEFAULT.withMaxReceiveBytes(6 << 20));
        client.request(1, Echo.call("Nothing", ByteString.copyFrom(new byte[5 << 20])));
        assertThat(code(client.readResponse(1))).isEqualTo(UNIMPLEMENTED);
    }

    @Test
    @DisplayName("item 18: unknown service, unknown method and a streaming method are UNIMPLEMENTED")
    void unknown() throws IOException {
        serve(new Echo());
        client.request(1, Request.newBuilder().setService("no.Such").setMethod("Echo").build());
        Response service = client.readResponse(1);
        assertThat(code(service)).isEqualTo(UNIMPLEMENTED);
        assertThat(service.getStatus().getMessage()).isEqualTo("service no.Such");
        client.request(3, Echo.call("Missing", ""));
        Response method = client.readResponse(3);
        assertThat(code(method)).isEqualTo(UNIMPLEMENTED);
        assertThat(method.getStatus().getMessage()).isEqualTo("method Missing");
        client.request(5, Echo.call("Stream", ""));
        assertThat(code(client.readResponse(5))).isEqualTo(UNIMPLEMENTED);
        assertUsable(7);
    }

    @Test
    @DisplayName("item 19: zero-length request 12, garbage request 3, garbage payload 13")
    void garbage() throws IOException {
        serve(new Echo());
        client.send(1, 1, 0, new byte[0]);
        Response empty = client.readResponse(1);
        assertThat(code(empty)).isEqualTo(UNIMPLEMENTED);
        assertThat(empty.getStatus().getMessage()).isEqualTo("service ");
        client.send(3, 1, 0, new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff});
        assertThat(code(client.readResponse(3))).isEqualTo(INVALID_ARGUMENT);
        client.request(5, Echo.call("Echo", ByteString.copyFrom(new byte[] {(byte) 0xff})));
        assertThat(code(client.readResponse(5))).isEqualTo(INTERNAL);
        assertUsable(7);
    }

    @Test
    @DisplayName("item 20: even, zero, reused and decreasing ids are refused with 3 on the same id")
    void badIds() throws IOException {
        serve(new Echo());
        assertUsable(9);
        for (long id : new long[] {2, 0, 9, 7, 1, 0xFFFF_FFFEL}) {
            client.request(id, Echo.call("Echo", "x"));
            assertThat(code(client.readResponse(id))).as("id %d", id).isEqualTo(INVALID_ARGUMENT);
        }
        assertUsable(11);
        assertUsable(0x8000_0001L);
        assertUsable(0xFFFF_FFFFL);
        client.request(13, Echo.call("Echo", "x"));
        assertThat(code(client.readResponse(13))).isEqualTo(INVALID_ARGUMENT);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 255})
    @DisplayName("item 21: a frame of an unknown type is skipped, the next call works")
    void unknownType(int type) throws IOException {
        serve(new Echo());
        client.send(1, type, 0xff, new byte[5000]);
        client.send(1, type, 0, new byte[TtrpcLimits.MAX_MESSAGE_BYTES + 1]);
        assertUsable(1);
    }

    @Test
    @DisplayName("item 22: a RESPONSE sent to a server is ignored")
    void response() throws IOException {
        serve(new Echo());
        client.send(1, 2, 0, new byte[] {1, 2, 3});
        assertUsable(1);
    }

    @Test
    @DisplayName("item 23: DATA on an unknown stream is refused with 3, and nothing breaks")
    void dataUnknown() throws IOException {
        serve(new Echo());
        client.send(1, Frame.DATA, 0, new byte[] {1});
        assertThat(code(client.readResponse(1))).isEqualTo(INVALID_ARGUMENT);
        client.send(2, Frame.DATA, 5, new byte[0]);
        assertThat(code(client.readResponse(2))).isEqualTo(INVALID_ARGUMENT);
        client.send(3, Frame.DATA, 0, new byte[TtrpcLimits.MAX_MESSAGE_BYTES + 1]);
        assertThat(code(client.readResponse(3))).isEqualTo(INVALID_ARGUMENT);
        assertUsable(3);
    }

    @Test
    @DisplayName("item 23: DATA on an in-flight unary stream ends that call with 3, once, and nothing breaks")
    void dataInFlight() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch finished = new CountDownLatch(1);
        serve(new Echo().with("Slow", (request, observer) -> {
            started.countDown();
            await(go);
            observer.onNext(request);
            observer.onCompleted();
            finished.countDown();
        }));
        client.request(1, Echo.call("Slow", "x"));
        started.await();
        client.send(1, Frame.DATA, 0, new byte[] {1});
        assertThat(code(client.readResponse(1))).isEqualTo(INVALID_ARGUMENT);
        go.countDown();
        finished.await();
        // The handler's own result would come before this reply.
        assertUsable(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 5, 255})
    @DisplayName("item 24: flags on a unary request are ignored")
    void flags(int flags) throws IOException {
        serve(new Echo());
        client.send(1, 1, flags, Echo.call("Echo", "x").toByteArray());
        assertThat(code(client.readResponse(1))).isEqualTo(OK);
    }

    @Test
    @DisplayName("item 25: exceptions, a status, null, no reply and a double reply of a handler become statuses")
    void handlerFailures() throws IOException {
        serve(new Echo()
                .with("Throws", (request, observer) -> {
                    throw new IllegalStateException("broken inside");
                })
                .with("Error", (request, observer) -> {
                    throw new StackOverflowError();
                })
                .with("Status", (request, observer) -> observer.onError(
                        Status.FAILED_PRECONDITION.withDescription("not now").asRuntimeException()))
                .with("ThrowsStatus", (request, observer) -> {
                    throw Status.FAILED_PRECONDITION.withDescription("thrown").asRuntimeException();
                })
                .with("OkError", (request, observer) -> {
                    throw Status.OK.asRuntimeException();
                })
                .with("Plain", (request, observer) -> observer.onError(new IOException("disk gone")))
                .with("Null", (request, observer) -> {
                    observer.onNext(null);
                    observer.onCompleted();
                })
                .with("Nothing", (request, observer) -> observer.onCompleted())
                .with("Long", (request, observer) -> observer.onError(
                        Status.INTERNAL.withDescription("x".repeat(5 << 20)).asRuntimeException())));
        record Case(String method, int code, String text) {}
        List<Case> cases = List.of(
                new Case("Throws", UNKNOWN, "broken inside"),
                new Case("Error", UNKNOWN, "StackOverflowError"),
                new Case("Status", FAILED_PRECONDITION, "not now"),
                new Case("ThrowsStatus", FAILED_PRECONDITION, "thrown"),
                new Case("OkError", UNKNOWN, "OK status"),
                new Case("Plain", UNKNOWN, "disk gone"),
                new Case("Null", UNKNOWN, ""),
                new Case("Nothing", UNKNOWN, "without a reply"),
                new Case("Long", INTERNAL, "xxx"));
        long id = 1;
        for (Case c : cases) {
            client.request(id, Echo.call(c.method(), "x"));
            Response response = client.readResponse(id);
            assertThat(code(response)).as(c.method()).isEqualTo(c.code());
            assertThat(response.getStatus().getMessage()).as(c.method()).contains(c.text());
            assertThat(response.getPayload()).isEmpty();
            id += 2;
        }
        assertUsable(id);
    }

    @Test
    @DisplayName("item 26: a timeout of 1 ms is answered DEADLINE_EXCEEDED by us, and the handler's late result is dropped")
    void shortTimeout() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch finished = new CountDownLatch(1);
        CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
        serve(new Echo().with("Slow", (request, observer) -> {
            Context.current().addListener(context -> cancelled.complete(true), Runnable::run);
            await(go);
            observer.onNext(request);
            observer.onCompleted();
            finished.countDown();
        }));
        client.request(1, Echo.call("Slow", "x").toBuilder().setTimeoutNano(1_000_000).build());
        assertThat(code(client.readResponse(1))).isEqualTo(DEADLINE_EXCEEDED);
        assertThat(cancelled.get()).isTrue();
        go.countDown();
        finished.await();
        assertUsable(3);
    }

    @Test
    @DisplayName("item 26: a negative timeout is over before it begins; 2^63-1 is as good as none")
    void extremeTimeouts() throws Exception {
        AtomicReference<Deadline> seen = new AtomicReference<>();
        CountDownLatch called = new CountDownLatch(1);
        serve(new Echo().with("See", (request, observer) -> {
            seen.set(Context.current().getDeadline());
            called.countDown();
            observer.onNext(request);
            observer.onCompleted();
        }));
        for (long negative : new long[] {-1, Long.MIN_VALUE}) {
            long id = negative == -1 ? 1 : 3;
            client.request(id, Echo.call("See", "x").toBuilder().setTimeoutNano(negative).build());
            assertThat(code(client.readResponse(id))).isEqualTo(DEADLINE_EXCEEDED);
        }
        assertThat(called.getCount()).isEqualTo(1);
        client.request(5, Echo.call("See", "x").toBuilder().setTimeoutNano(Long.MAX_VALUE).build());
        assertThat(code(client.readResponse(5))).isEqualTo(OK);
        assertThat(seen.get()).isNotNull();
        client.request(7, Echo.call("See", "x"));
        assertThat(code(client.readResponse(7))).isEqualTo(OK);
        assertThat(seen.get()).isNull();
    }

    @Test
    @DisplayName("item 27: a reply above 4 MiB is replaced by status 8, and the link stays")
    void oversizeReply() throws IOException {
        serve(new Echo().with("Big", (request, observer) -> {
            observer.onNext(Echo.text("x".repeat(TtrpcLimits.MAX_MESSAGE_BYTES)));
            observer.onCompleted();
        }));
        client.request(1, Echo.call("Big", "x"));
        assertThat(code(client.readResponse(1))).isEqualTo(RESOURCE_EXHAUSTED);
        assertUsable(3);
    }

    @Test
    @DisplayName("item 28: a slow call does not block a fast one; three requests in one write are all served")
    void concurrent() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        serve(new Echo().with("Slow", slow(go)));
        client.request(1, Echo.call("Slow", "slow"));
        assertUsable(3);
        go.countDown();
        assertThat(code(client.readResponse(1))).isEqualTo(OK);

        List<Long> answered = new ArrayList<>();
        var batch = java.nio.ByteBuffer.allocate(1000);
        for (long id : new long[] {5, 7, 9}) {
            byte[] data = Echo.call("Echo", "x").toByteArray();
            batch.put(RawPeer.frame(data.length, id, 1, 0, data));
        }
        client.write(batch.flip());
        for (int i = 0; i < 3; i++) {
            answered.add(client.readFrame().streamId());
        }
        assertThat(answered).containsExactlyInAnyOrder(5L, 7L, 9L);
    }

    @Test
    @DisplayName("item 28: calls above the limit of concurrent ones are refused with 8, and the place is free again afterwards")
    void inFlightLimit() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        serve(new Echo().with("Slow", slow(go)), TtrpcLimits.DEFAULT.withMaxInFlight(2));
        client.request(1, Echo.call("Slow", "a"));
        client.request(3, Echo.call("Slow", "b"));
        client.request(5, Echo.call("Slow", "c"));
        assertThat(code(client.readResponse(5))).isEqualTo(RESOURCE_EXHAUSTED);
        go.countDown();
        assertThat(List.of(client.readFrame().streamId(), client.readFrame().streamId())).containsExactlyInAnyOrder(1L, 3L);
        for (long id = 7; id < 207; id += 2) {
            client.request(id, Echo.call("Echo", "x"));
            // The place is given back just after the reply, so a refusal may be seen, but not for long.
            if (code(client.readResponse(id)) == OK && id > 20) {
                return;
            }
            Thread.sleep(10);
        }
        throw new AssertionError("the places of finished calls were not given back");
    }

    @Test
    @DisplayName("item 28: a call that its deadline answered keeps its place until the handler is back")
    void overrunKeepsItsPlace() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        serve(new Echo().with("Slow", slow(go)), TtrpcLimits.DEFAULT.withMaxInFlight(1));
        client.request(1, Echo.call("Slow", "a").toBuilder().setTimeoutNano(1).build());
        assertThat(code(client.readResponse(1))).isEqualTo(DEADLINE_EXCEEDED);
        client.request(3, Echo.call("Echo", "b"));
        assertThat(code(client.readResponse(3))).isEqualTo(RESOURCE_EXHAUSTED);
        go.countDown();
    }

    @Test
    @DisplayName("item 29: half-close with a call in flight ends cleanly: no reply, context cancelled, threads gone")
    void halfClose() throws Exception {
        AtomicReference<Thread> handlerThread = new AtomicReference<>();
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        serve(new Echo().with("Slow", (request, observer) -> {
            handlerThread.set(Thread.currentThread());
            Context.current().addListener(context -> cancelled.countDown(), Runnable::run);
            started.countDown();
            await(cancelled);
            observer.onNext(request);
            observer.onCompleted();
        }));
        client.request(1, Echo.call("Slow", "x"));
        started.await();
        client.shutdownOutput();
        assertThat(client.atEnd()).isTrue();
        closed.get();
        handlerThread.get().join();
        readerThread.get().join();
        assertThat(connection.isOpen()).isFalse();
    }

    @Test
    @DisplayName("item 30: metadata of any kind does not disturb a call")
    void metadata() throws IOException {
        serve(new Echo());
        Request.Builder request = Echo.call("Echo", "x").toBuilder();
        for (int i = 0; i < 1000; i++) {
            request.addMetadata(KeyValue.newBuilder().setKey("k" + i % 7).setValue("v" + i));
        }
        for (String key : List.of("", "UPPER", "ümlaut", "a b", "x-bin", ":path", "a\0b", "grpc-status", "traceparent")) {
            request.addMetadata(KeyValue.newBuilder().setKey(key).setValue("wert-ü\n"));
        }
        client.request(1, request.build());
        assertThat(code(client.readResponse(1))).isEqualTo(OK);
    }

    @Test
    @DisplayName("item 31: invalid UTF-8 in service, method, metadata or message is a status, not a crash")
    void invalidUtf8() throws IOException {
        serve(new Echo());
        byte[] good = Echo.call("Echo", "payload-text").toByteArray();
        String text = new String(good, java.nio.charset.StandardCharsets.ISO_8859_1);
        record Case(String where, int code) {}
        long id = 1;
        for (Case c : List.of(
                new Case("test.Echo", INVALID_ARGUMENT),
                new Case("Echo\u001a", INVALID_ARGUMENT),
                new Case("payload-text", INTERNAL))) {
            byte[] bad = good.clone();
            bad[text.indexOf(c.where())] = (byte) 0xc3;
            bad[text.indexOf(c.where()) + 1] = (byte) 0x28;
            client.send(id, 1, 0, bad);
            assertThat(code(client.readResponse(id))).as(c.where()).isEqualTo(c.code());
            id += 2;
        }
        byte[] key = Echo.call("Echo", "").toBuilder().addMetadata(KeyValue.newBuilder().setKey("kk").setValue("v")).build().toByteArray();
        int at = new String(key, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("kk");
        key[at] = (byte) 0xff;
        client.send(id, 1, 0, key);
        assertThat(code(client.readResponse(id))).isEqualTo(INVALID_ARGUMENT);
        assertUsable(id + 2);
    }

    @Test
    @DisplayName("a service given twice is refused")
    void duplicateService() {
        assertThatThrownBy(() -> TtrpcServer.of(TtrpcLimits.DEFAULT, new Echo(), new Echo()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("test.Echo");
    }

    private static UnaryMethod<KeyValue, KeyValue> slow(CountDownLatch go) {
        return (request, observer) -> {
            await(go);
            reply(request, observer);
        };
    }

    private static void reply(KeyValue request, StreamObserver<KeyValue> observer) {
        observer.onNext(request);
        observer.onCompleted();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
