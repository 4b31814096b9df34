package io.bpfguard.nri;

import java.util.Set;

/// What a plugin author writes: which events, and what to do with them. Connection, registration, versions and the wire
/// are the business of [NriRunner].
///
/// The methods [#configure], [#synchronize] and [#event] are called one at a time, each on some virtual thread. The runtime
/// waits for each of them, with all other container starts of the node behind it: return early. A method that is not back
/// within its [Budget] is not stopped, but the runtime gets an error in its place, because a plugin that lets the runtime's own
/// timeout expire is dropped and the container starts without it (containerd/nri adaptation, `plugin_request_timeout`).
///
/// An exception becomes an error reply: [NriRejection] with its message, anything else with its text. The runtime then fails
/// the pod at RUN_POD_SANDBOX and the container at CREATE_CONTAINER; at START_CONTAINER containerd fails the start while CRI-O
/// only logs; elsewhere it is logged.
public interface NriPlugin {
    /// The events to subscribe to, at least one; asked once per connection. Kinds that the runtime is too old to know are left
    /// out.
    Set<EventKind> events();

    /// A runtime accepted the plugin. A failure here ends the connection, and the runner tries again.
    ///
    /// @param config text of the plugin's file in the runtime's plugin configuration directory; empty for a plugin that
    ///               connected by itself
    default void configure(RuntimeInfo runtime, String config, Budget budget) throws Exception {}

    /// All pods and containers that exist, before the first event of each connection. This is the whole truth: what
    /// was known before and is absent here is gone. Containers may run that no event ever told of.
    ///
    /// If the budget ends first the runtime gets its answer, and events wait until this method is back. A failure ends the
    /// connection, and the runner tries again.
    void synchronize(NodeState state, Budget budget) throws Exception;

    /// Something is about to happen, or has. A pod or container can be unknown, can have nothing but an id, and can be
    /// stopped or removed twice or without having been started.
    void event(NriEvent event, Budget budget) throws Exception;

    /// The link to the runtime changed. Called by the runner's threads; must not wait, and what it throws is only logged.
    default void stateChanged(NriState state) {}
}
