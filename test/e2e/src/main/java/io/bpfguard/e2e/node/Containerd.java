package io.bpfguard.e2e.node;

import io.bpfguard.e2e.cri.Kubelet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The container runtime of the guest. Killing it leaves containers running, as on a node. */
public final class Containerd {
    /** A runtime handler whose containers get a createContainer OCI hook that touches {@link #hookFile}. */
    public static final String HOOKED_HANDLER = "hooked";
    /** A runtime handler whose containers get BPFGuard's own OCI hooks, and those annotations of their pods that are for them. */
    public static final String GUARDED_HANDLER = "guarded";
    public static final Path LOG = Path.of("/var/log/containerd.log");
    /** How long it waits for the agent, which is emulated like itself. */
    public static final Duration USUAL_NRI_TIMEOUT = Duration.ofSeconds(60);
    private static final Path SOCKET = Path.of("/run/containerd/containerd.sock");

    private final Layout layout;

    public Containerd(Layout layout) {
        this.layout = layout;
    }

    /** Starts it, and waits until it answers. */
    public void start(Duration nriTimeout) {
        try {
            Path extra = layout.work().resolve("containerd-extra.toml");
            Files.writeString(extra, handler(HOOKED_HANDLER, "hooked-spec.json") + handler(GUARDED_HANDLER, "guarded-spec.json"));
            var result = Shell.run(
                    Map.of("NRI_TIMEOUT", nriTimeout.toSeconds() + "s", "CONTAINERD_EXTRA", extra.toString()),
                    layout.containerdUp().toString(), layout.images().toString());
            if (!result.ok()) {
                throw new IllegalStateException("containerd did not start: " + result.output());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The file that the hook of {@link #HOOKED_HANDLER} makes. */
    public Path hookFile() {
        return layout.shared().resolve("hook-ran");
    }

    private String handler(String name, String spec) {
        boolean first = Shell.must("containerd", "--version").contains(" 1.");
        String table = first ? "plugins.\"io.containerd.grpc.v1.cri\"" : "plugins.\"io.containerd.cri.v1.runtime\"";
        return """
                [%s.containerd.runtimes.%s]
                  runtime_type = "io.containerd.runc.v2"
                  base_runtime_spec = "%s"
                  pod_annotations = ["bpfguard.io/*"]
                [%s.containerd.runtimes.%s.options]
                  SystemdCgroup = %s
                """.formatted(table, name, layout.work().resolve(spec), table, name, Host.runsSystemd());
    }

    public Kubelet kubelet() {
        return Kubelet.connect(SOCKET, layout.logs());
    }

    /** Ends it with SIGKILL; its shims, and so the containers, live on. */
    public void kill() throws InterruptedException {
        for (var process : processes()) {
            process.destroyForcibly();
        }
        while (!processes().isEmpty()) {
            Thread.sleep(50);
        }
    }

    private static List<ProcessHandle> processes() {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().command().orElse("").endsWith("/containerd"))
                .toList();
    }
}
