package io.bpfguard.cli;

import io.bpfguard.control.AgentStatus.NamedContainer;
import io.bpfguard.policy.model.Printable;
import java.util.List;
import java.util.stream.Collectors;

/** A container as people know it. */
final class ContainerName {
    private ContainerName() {}

    /** {@code namespace/pod/container}, without what it has not; its id where it has nothing. */
    static String of(NamedContainer container) {
        String name = List.of(container.namespace(), container.pod(), container.container()).stream().filter(part -> !part.isEmpty())
                .collect(Collectors.joining("/"));
        return Printable.of(name.isEmpty() ? container.containerId() : name);
    }
}
