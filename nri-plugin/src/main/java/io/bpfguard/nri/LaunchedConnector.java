package io.bpfguard.nri;

import io.bpfguard.bpf.libbpf.InheritedSocket;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.util.concurrent.atomic.AtomicBoolean;

/// The link that a runtime left open for a plugin that it started. It exists once: the runtime kills the plugin when the link
/// is lost, and does not start it again before its own restart.
public final class LaunchedConnector implements TrunkConnector {
    private final int descriptor;
    private final AtomicBoolean used = new AtomicBoolean();

    /// @param descriptor number of the inherited socket, see [LaunchEnvironment#socket()]
    public LaunchedConnector(int descriptor) {
        this.descriptor = descriptor;
    }

    @Override
    public ByteChannel connect() throws IOException {
        if (!used.compareAndSet(false, true)) {
            throw new IOException("the inherited NRI socket was used before; only the runtime can start this plugin again");
        }
        return InheritedSocket.adopt(descriptor);
    }

    /// Always false.
    @Override
    public boolean reusable() {
        return false;
    }
}
