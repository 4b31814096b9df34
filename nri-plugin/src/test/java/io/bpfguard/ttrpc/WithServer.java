package io.bpfguard.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.ttrpc.proto.KeyValue;
import io.bpfguard.ttrpc.proto.Response;
import io.grpc.stub.ServerCalls.UnaryMethod;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;

/// A server, and a client that only knows bytes.
abstract class WithServer {
    static final int OK = 0;
    static final int UNKNOWN = 2;
    static final int INVALID_ARGUMENT = 3;
    static final int DEADLINE_EXCEEDED = 4;
    static final int RESOURCE_EXHAUSTED = 8;
    static final int FAILED_PRECONDITION = 9;
    static final int UNIMPLEMENTED = 12;
    static final int INTERNAL = 13;

    final CompletableFuture<Throwable> closed = new CompletableFuture<>();
    final AtomicReference<Thread> readerThread = new AtomicReference<>();
    RawPeer client;
    ServerConnection connection;

    RawPeer serve(Echo echo) throws IOException {
        return serve(echo, TtrpcLimits.DEFAULT);
    }

    RawPeer serve(Echo echo, TtrpcLimits limits) throws IOException {
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

    static int code(Response response) {
        return response.getStatus().getCode();
    }

    /// The connection has survived: a call on this id is echoed.
    void assertUsable(long streamId) throws IOException {
        client.request(streamId, Echo.call("Echo", "alive"));
        Response response = client.readResponse(streamId);
        assertThat(code(response)).isEqualTo(OK);
        assertThat(KeyValue.parseFrom(response.getPayload()).getValue()).isEqualTo("alive");
    }

    static UnaryMethod<KeyValue, KeyValue> slow(CountDownLatch go) {
        return (request, observer) -> {
            await(go);
            reply(request, observer);
        };
    }

    static void reply(KeyValue request, StreamObserver<KeyValue> observer) {
        observer.onNext(request);
        observer.onCompleted();
    }

    static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
