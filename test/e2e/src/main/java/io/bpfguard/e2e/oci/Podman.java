package io.bpfguard.e2e.oci;

import io.bpfguard.e2e.node.Host;
import io.bpfguard.e2e.node.Layout;
import io.bpfguard.e2e.node.Shell;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Podman as root, without a daemon. Its hooks come from the directories that its configuration names. */
public final class Podman implements OciTool {
    private static final String IMAGE = "bpfguard.test/busybox:1";

    private final String runtime;
    private final Layout layout;
    private boolean hasImage;

    /** @param runtime the OCI runtime that it is to use */
    public Podman(String runtime, Layout layout) {
        this.runtime = runtime;
        this.layout = layout;
    }

    @Override
    public String version() {
        return Shell.must("podman", "--version").strip() + " with " + runtime;
    }

    @Override
    public String name() {
        return "podman-" + runtime;
    }

    @Override
    public Shell.Result run(String id, Map<String, String> annotations, String... workload) {
        return podman(Stream.concat(made(id, annotations, "run", "--rm"), Stream.of(workload)));
    }

    @Override
    public Shell.Result stay(String id, Map<String, String> annotations) {
        return podman(Stream.concat(made(id, annotations, "run", "--detach"), Stream.of("/bin/sleep", "1000000")));
    }

    @Override
    public Shell.Result exec(String id, String... workload) {
        return podman(Stream.concat(Stream.of("exec", id), Stream.of(workload)));
    }

    @Override
    public void end(String id) {
        podman(Stream.of("rm", "--force", "--time", "0", id));
    }

    @Override
    public boolean knows(String id) {
        return podman(Stream.of("container", "exists", id)).ok();
    }

    private Stream<String> made(String id, Map<String, String> annotations, String... how) {
        if (!hasImage) {
            var loaded = podman(Stream.of("load", "--input", layout.images().resolve("busybox.tar").toString()));
            if (!loaded.ok()) {
                throw new IllegalStateException("podman load: " + loaded.output());
            }
            hasImage = true;
        }
        var arguments = new ArrayList<>(List.of(how));
        arguments.addAll(List.of("--name", id, "--network", "none", "--log-driver", "none", "--pull", "never", "--entrypoint", "",
                "--volume", layout.probes() + ":/probes:ro", "--volume", layout.shared() + ":/shared"));
        annotations.forEach((key, value) -> arguments.addAll(List.of("--annotation", key + "=" + value)));
        arguments.add(IMAGE);
        return arguments.stream();
    }

    private Shell.Result podman(Stream<String> arguments) {
        var storage = layout.work().resolve("podman");
        return Shell.run(Stream.concat(Stream.of("podman", "--root", storage.resolve("storage").toString(), "--runroot", storage.resolve("run").toString(),
                "--storage-driver", "vfs", "--cgroup-manager", Host.runsSystemd() ? "systemd" : "cgroupfs", "--events-backend", "none", "--runtime", runtime), arguments)
                .toArray(String[]::new));
    }
}
