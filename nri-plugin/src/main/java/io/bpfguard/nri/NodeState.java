package io.bpfguard.nri;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// All pods and containers of the node at one moment, as told by Synchronize.
///
/// @param pods       pods by id, in no order
/// @param containers created, running and paused containers, in no order
public record NodeState(Map<String, Pod> pods, List<Container> containers) {
    /// Copies the collections.
    public NodeState {
        pods = Map.copyOf(pods);
        containers = List.copyOf(containers);
    }

    static NodeState of(List<Pod> pods, List<Container> containers) {
        return new NodeState(
                pods.stream().collect(Collectors.toMap(Pod::id, Function.identity(), (first, second) -> second)), containers);
    }

    /// The pod of a container; empty if the runtime did not list it.
    public Optional<Pod> podOf(Container container) {
        return Optional.ofNullable(pods.get(container.podId()));
    }
}
