package io.bpfguard.hook;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// An agent for one connection of the launcher, served on a thread of its own.
final class FakeAgent implements AutoCloseable {
    /// What the agent does with its connection, which is closed behind it.
    interface Conduct {
        void serve(Connection connection) throws Exception;
    }

    /// What the launcher sent.
    record Request(String header, byte[] state) {}

    /// The agent's end of a connection.
    record Connection(SocketChannel channel) {
        String header() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (byte next = read(1)[0]; next != '\n'; next = read(1)[0]) {
                line.write(next);
            }
            return line.toString(StandardCharsets.UTF_8);
        }

        Request request() throws IOException {
            String header = header();
            return new Request(header, read(Integer.parseInt(header.substring(header.lastIndexOf(' ') + 1))));
        }

        private byte[] read(int length) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(length);
            while (bytes.hasRemaining()) {
                if (channel.read(bytes) < 0) {
                    throw new IOException("the launcher closed its side after " + bytes.position() + " of " + length + " bytes");
                }
            }
            return bytes.array();
        }

        /// Reads what has come so far.
        void drain() throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
            channel.configureBlocking(false);
            while (channel.read(bytes.clear()) > 0) {}
            channel.configureBlocking(true);
        }

        /// Waits until the launcher closes.
        void awaitEnd() throws IOException {
            ByteBuffer more = ByteBuffer.allocate(1);
            if (channel.read(more) >= 0) {
                throw new IOException("the launcher sent more than it said");
            }
        }

        /// Whether the launcher's side is open, and quiet.
        boolean isOpen() throws IOException {
            channel.configureBlocking(false);
            try {
                return channel.read(ByteBuffer.allocate(1)) == 0;
            } finally {
                channel.configureBlocking(true);
            }
        }

        void answer(String text) throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }
    }

    private final ServerSocketChannel server;
    private final CompletableFuture<Void> served = new CompletableFuture<>();

    FakeAgent(Path socket, Conduct conduct) throws IOException {
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
        Thread.ofVirtual().start(() -> {
            try (SocketChannel channel = server.accept()) {
                conduct.serve(new Connection(channel));
                served.complete(null);
            } catch (Throwable e) {
                served.completeExceptionally(e);
            }
        });
    }

    /// Waits until the connection was served, and passes on what went wrong there.
    void await() throws Exception {
        served.get(30, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
