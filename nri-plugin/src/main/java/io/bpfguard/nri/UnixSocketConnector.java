package io.bpfguard.nri;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/// Connects to the runtime's NRI socket (containerd/nri: an "external" plugin).
///
/// @param socket path of the socket; [#DEFAULT_SOCKET] unless the runtime is configured otherwise. In a container, mount its
///               directory and not the file, which the runtime creates anew at each start
public record UnixSocketConnector(Path socket) implements TrunkConnector {
    /// The path that containerd and CRI-O use.
    public static final Path DEFAULT_SOCKET = Path.of("/var/run/nri/nri.sock");

    /// @throws NullPointerException if there is no path
    public UnixSocketConnector {
        requireNonNull(socket, "socket is null");
    }

    @Override
    public ByteChannel connect() throws IOException {
        try {
            return SocketChannel.open(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            throw new IOException(
                    "cannot connect to the NRI socket %s: %s; is the runtime up, and NRI enabled in its configuration?"
                            .formatted(socket, e.getMessage()),
                    e);
        }
    }
}
