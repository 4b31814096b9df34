package io.bpfguard.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.ttrpc.proto.Response;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Calls at a server: failures, deadlines, concurrency, the end of the connection.
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServerCallsTest extends WithServer {
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
}
