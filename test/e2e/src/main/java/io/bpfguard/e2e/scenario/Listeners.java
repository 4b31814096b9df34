package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.node.Shell;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Listens on addresses of a dummy interface of the node, by TCP and UDP, and remembers who was reached. A thread per
 * listener adds, any thread looks.
 */
final class Listeners implements Closeable {
    private static final String INTERFACE = "e2e";
    /** How long a connection may take to be accepted here. */
    private static final long PATIENCE_MILLIS = 300;

    /** An address of the node and a port. */
    record Address(String host, int port) {}

    /** Where clouds answer with a node's credentials: AWS, GCP, Azure and others; AWS by IPv6; Alibaba, Oracle, and one more. */
    static final List<Address> METADATA = Stream.of(
            "169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "100.96.0.96")
            .map(host -> new Address(host, 80)).toList();
    /** A node's own resolver, near the first of them, and a service. */
    static final List<Address> OTHERS = List.of(new Address("169.254.20.10", 53), new Address("10.96.0.10", 80));

    private final Set<Address> reached = ConcurrentHashMap.newKeySet();
    private final List<Closeable> sockets = new ArrayList<>();

    /** Gives the node these addresses, and listens. */
    Listeners(List<Address> addresses) {
        Shell.must("ip", "link", "add", INTERFACE, "type", "dummy");
        Shell.must("ip", "link", "set", INTERFACE, "up");
        for (String host : addresses.stream().map(Address::host).distinct().toList()) {
            if (host.contains(":")) {
                Shell.must("ip", "address", "add", host + "/128", "dev", INTERFACE, "nodad");
            } else {
                Shell.must("ip", "address", "add", host + "/32", "dev", INTERFACE);
            }
        }
        for (var address : addresses) {
            listen(address);
        }
    }

    private void listen(Address address) {
        try {
            var socketAddress = new InetSocketAddress(InetAddress.getByName(address.host), address.port);
            var tcp = new ServerSocket();
            tcp.bind(socketAddress);
            sockets.add(tcp);
            var udp = new DatagramSocket(socketAddress);
            sockets.add(udp);
            follow("tcp " + address, () -> accept(tcp), address);
            follow("udp " + address, () -> udp.receive(new DatagramPacket(new byte[64], 64)), address);
        } catch (IOException e) {
            throw new UncheckedIOException("listening on " + address, e);
        }
    }

    /** Reads to the end: a connection that is closed with something unread is an error at the other end. */
    private static void accept(ServerSocket listener) throws IOException {
        var connection = listener.accept();
        Thread.ofVirtual().start(() -> {
            try (connection) {
                connection.getInputStream().transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                // It was reached; how it ends does not matter.
            }
        });
    }

    private interface Wait {
        void forOne() throws IOException;
    }

    private void follow(String name, Wait wait, Address address) {
        Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                while (true) {
                    wait.forOne();
                    reached.add(address);
                }
            } catch (IOException e) {
                // Closed: the run is over.
            }
        });
    }

    void forget() {
        reached.clear();
    }

    /** Whether it was reached since {@link #forget}. */
    boolean reached(Address address) {
        long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        try {
            while (!reached.contains(address) && System.nanoTime() < end) {
                Thread.sleep(10);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
        return reached.contains(address);
    }

    @Override
    public void close() throws IOException {
        for (var socket : sockets) {
            socket.close();
        }
        Shell.run("ip", "link", "delete", INTERFACE);
    }
}
