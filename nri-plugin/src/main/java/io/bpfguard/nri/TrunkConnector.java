package io.bpfguard.nri;

import java.io.IOException;
import java.nio.channels.ByteChannel;

/// Where the link to the runtime comes from: [UnixSocketConnector] for a plugin that was started on its own,
/// [LaunchedConnector] for one that the runtime started.
public interface TrunkConnector {
    /// Opens the link. Called again after each loss, if [#reusable()].
    ///
    /// @return a blocking channel, owned by the caller; closing it must end a read that waits in another thread
    /// @throws IOException if the runtime is not there now; the caller tries again later
    ByteChannel connect() throws IOException;

    /// Whether a lost link can be opened again.
    default boolean reusable() {
        return true;
    }
}
