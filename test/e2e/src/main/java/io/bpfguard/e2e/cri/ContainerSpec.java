package io.bpfguard.e2e.cri;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A container as a test asks for it: uid 0, no seccomp, no AppArmor, default capabilities unless it says more, so that
 * no other layer denies first.
 */
public record ContainerSpec(
        String name, String image, List<String> command, List<HostMount> mounts, List<String> capabilities, boolean privileged,
        boolean hostProcesses) {

    /** A directory of the host, seen in the container. */
    public record HostMount(Path host, String container, boolean readOnly) {}

    public ContainerSpec {
        command = List.copyOf(command);
        mounts = List.copyOf(mounts);
        capabilities = List.copyOf(capabilities);
    }

    public static ContainerSpec of(String name, String image, String... command) {
        return new ContainerSpec(name, image, List.of(command), List.of(), List.of(), false, false);
    }

    public ContainerSpec mount(Path host, String container, boolean readOnly) {
        var more = Stream.concat(mounts.stream(), Stream.of(new HostMount(host, container, readOnly))).toList();
        return new ContainerSpec(name, image, command, more, capabilities, privileged, hostProcesses);
    }

    /** With capabilities in CRI's spelling, without {@code CAP_}. */
    public ContainerSpec capable(String... names) {
        var more = Stream.concat(capabilities.stream(), Stream.of(names)).toList();
        return new ContainerSpec(name, image, command, mounts, more, privileged, hostProcesses);
    }

    public ContainerSpec asPrivileged() {
        return new ContainerSpec(name, image, command, mounts, capabilities, true, hostProcesses);
    }

    /** In the host's namespace of processes. */
    public ContainerSpec seeingHostProcesses() {
        return new ContainerSpec(name, image, command, mounts, capabilities, privileged, true);
    }

    public ContainerSpec running(String... newCommand) {
        return new ContainerSpec(name, image, List.of(newCommand), mounts, capabilities, privileged, hostProcesses);
    }

    public ContainerSpec named(String newName) {
        return new ContainerSpec(newName, image, command, mounts, capabilities, privileged, hostProcesses);
    }
}
