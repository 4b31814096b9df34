package io.bpfguard.nri;

/// Where the link to the runtime stands.
public enum NriState {
    /// No link; the runner waits for its next try. Containers start without the plugin.
    DISCONNECTED,
    /// Connected; the runtime has not yet accepted the plugin.
    REGISTERING,
    /// The runtime has been told the subscription. No events yet.
    CONFIGURED,
    /// The plugin knows the node's state, and events come.
    SYNCHRONIZED,
    /// The runner was closed, or the only link that a launched plugin has was lost. Final.
    CLOSED
}
