package io.bpfguard.metrics;

import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves metrics over HTTP at {@code /metrics}, on loopback: any process in the host's network namespace can read them. */
public final class MetricsServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MetricsServer.class);
    private final HTTPServer server;
    private final ExecutorService threads;

    private MetricsServer(HTTPServer server, ExecutorService threads) {
        this.server = server;
        this.threads = threads;
    }

    /**
     * Starts it. Where that is not possible, enforcement is not to suffer: it is said, and there are none.
     *
     * @param at an address of this node
     */
    public static Optional<MetricsServer> start(InetSocketAddress at, PrometheusRegistry registry) {
        ExecutorService threads = Executors.newFixedThreadPool(2, Thread.ofPlatform().daemon().name("metrics-", 0).factory());
        try {
            InetAddress address = at.getAddress();
            if (address == null) {
                throw new IOException("no such address");
            }
            return Optional.of(new MetricsServer(HTTPServer.builder().inetAddress(address).port(at.getPort()).executorService(threads).registry(registry)
                    .buildAndStart(), threads));
        } catch (IOException failure) {
            threads.shutdown();
            LOG.error("no metrics at {}: {}; choose another address with --metrics, or none with --metrics off", at, failure.getMessage());
            return Optional.empty();
        }
    }

    /** The port that it listens at. */
    public int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        server.close();
        threads.shutdown();
    }
}
