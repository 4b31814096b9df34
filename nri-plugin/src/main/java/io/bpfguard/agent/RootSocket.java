package io.bpfguard.agent;

import io.bpfguard.state.RootDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A Unix socket that only root can reach, and a virtual thread for each who does. */
final class RootSocket implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RootSocket.class);
    private static final int BACKLOG = 128;
    /** After a failure. */
    private static final Duration AGAIN = Duration.ofMillis(200);

    private final ServerSocketChannel server;
    private final Path path;

    /** Serves one connection, which is closed after it. */
    interface Service {
        void serve(SocketChannel peer) throws IOException;
    }

    private RootSocket(ServerSocketChannel server, Path path) {
        this.server = server;
        this.path = path;
    }

    /**
     * Starts to listen; a socket that an earlier agent left is replaced.
     *
     * @param what is served, for messages and the names of threads
     */
    static RootSocket listen(Path path, String what, Service service) {
        try {
            RootDirectory.make(path.getParent());
            Files.deleteIfExists(path);
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(path), BACKLOG);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            Thread.ofPlatform().daemon().name(what).start(() -> accept(server, what, service));
            return new RootSocket(server, path);
        } catch (IOException failure) {
            throw new UncheckedIOException("making the socket for " + what + ", " + path, failure);
        }
    }

    private static void accept(ServerSocketChannel server, String what, Service service) {
        while (server.isOpen()) {
            try {
                SocketChannel peer = server.accept();
                Thread.ofVirtual().name(what).start(() -> {
                    try (peer) {
                        service.serve(peer);
                    } catch (IOException failure) {
                        LOG.warn("one of the {} could not be answered: {}", what, failure.toString());
                    }
                });
            } catch (IOException failure) {
                if (server.isOpen()) {
                    // Too many open files, for instance: that passes.
                    LOG.error("accepting {} failed, trying again", what, failure);
                    LockSupport.parkNanos(AGAIN.toNanos());
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(path);
    }
}
