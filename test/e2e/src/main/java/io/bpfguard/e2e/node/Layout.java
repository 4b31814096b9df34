package io.bpfguard.e2e.node;

import java.nio.file.Path;

/**
 * Where things are in the guest.
 *
 * @param source the checkout
 * @param work scratch of this run, on a tmpfs
 */
public record Layout(Path source, Path work) {
    /** The image archives that the runtime imports. */
    public Path images() {
        return work.resolve("images");
    }

    /** The probes; containers see them at {@code /probes}. */
    public Path probes() {
        return work.resolve("probes");
    }

    /** The custom programs, as they were compiled. */
    public Path compiledPrograms() {
        return work.resolve("programs");
    }

    /** Files that containers and the host share; containers see them at {@code /shared}. */
    public Path shared() {
        return work.resolve("shared");
    }

    public Path logs() {
        return work.resolve("logs");
    }

    public Path policies() {
        return Path.of("/etc/bpfguard/policies.d");
    }

    /** Where the agent looks for custom programs. */
    public Path programs() {
        return Path.of("/etc/bpfguard/programs.d");
    }

    public Path bpffs() {
        return Path.of("/sys/fs/bpf/bpfguard");
    }

    /** The product's command. */
    public Path command() {
        return work.resolve("dist/bin/bpfguard");
    }

    public Path containerdUp() {
        return source.resolve("test/guest/containerd-up");
    }

    /** A cgroup v1 hierarchy named {@code rel}, mounted on the host before anything else (kernel.md of the CVE: F23). */
    public Path releaseHierarchy() {
        return work.resolve("rel");
    }
}
