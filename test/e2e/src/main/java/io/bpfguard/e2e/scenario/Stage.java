package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.cri.ContainerSpec;
import io.bpfguard.e2e.cri.Kubelet;
import io.bpfguard.e2e.cri.Pod;
import io.bpfguard.e2e.cri.PodSpec;
import io.bpfguard.e2e.node.Agent;
import io.bpfguard.e2e.node.Containerd;
import io.bpfguard.e2e.node.Layout;
import io.bpfguard.e2e.node.Policies;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The node with its agent and runtime, and the pods of the scenario that runs. */
public final class Stage implements AutoCloseable {
    public static final String IMAGE = "bpfguard.test/busybox:1";
    /** A namespace and a label value that no policy of any scenario selects. */
    private static final String FREE = "free";

    private final List<Pod> pods = new ArrayList<>();
    /** By what its container has: see {@link #attendedFree}. */
    private final Map<ContainerSpec, Attended> neighbours = new HashMap<>();
    private int podNumber;
    private Container free;
    private Listeners listeners;

    public final Layout layout;
    public final Containerd containerd;
    public final Kubelet kubelet;
    public final Agent agent;
    public final Policies policies;
    public final Report report;
    /** The full counts of the issue instead of a tenth. */
    public final boolean full;

    public Stage(Layout layout, Containerd containerd, Agent agent, Report report, boolean full) {
        this.layout = layout;
        this.containerd = containerd;
        this.kubelet = containerd.kubelet();
        this.agent = agent;
        this.policies = new Policies(layout.policies(), agent);
        this.report = report;
        this.full = full;
    }

    /** How many times something is repeated: the count, or a tenth of it. */
    public int count(int all) {
        return full ? all : all / 10;
    }

    /** The agent, running. */
    public Agent guarded() throws InterruptedException {
        if (!agent.running()) {
            agent.start();
            // Those of the controls have been there before the agent.
            neighbours.clear();
        }
        return agent;
    }

    /** A pod with the label {@code app}. */
    public Pod pod(String app) {
        return pod(app, "");
    }

    public Pod pod(String app, String handler) {
        var pod = newPod(app, handler);
        pods.add(pod);
        return pod;
    }

    /** A pod on a runtime handler, with annotations. */
    public Pod pod(String app, String handler, Map<String, String> annotations) {
        podNumber++;
        var pod = kubelet.runPod(PodSpec.of("e2e", app + "-" + podNumber, Map.of("app", app)).onHandler(handler).annotated(annotations));
        pods.add(pod);
        return pod;
    }

    private Pod newPod(String app, String handler) {
        podNumber++;
        return kubelet.runPod(PodSpec.of("e2e", app + "-" + podNumber, Map.of("app", app)).onHandler(handler));
    }

    /** A container with the probes, the shared directory and CAP_SYS_ADMIN, so that only the guard can deny. */
    public ContainerSpec spec(String name, String... command) {
        return ContainerSpec.of(name, IMAGE, command)
                .mount(layout.probes(), "/probes", true)
                .mount(layout.shared(), "/shared", false)
                .capable("SYS_ADMIN");
    }

    /** A container that stays, for sessions. */
    public Container idle(Pod pod, String name) {
        return kubelet.run(pod, spec(name, "/bin/sleep", "1000000"));
    }

    /** A container in a pod that no policy selects. */
    public Container free() {
        if (free == null) {
            free = idle(pod(FREE), "free");
        }
        return free;
    }

    /** A container that runs commands for us, with what {@code needs} adds. */
    Attended attended(String app, UnaryOperator<ContainerSpec> needs) {
        return attended(pod(app), needs);
    }

    private Attended attended(Pod pod, UnaryOperator<ContainerSpec> needs) {
        var channel = new Attended.Channel(layout.shared(), pod.spec().name());
        channel.make();
        String[] command = channel.command("/shared").toArray(String[]::new);
        return new Attended(channel, kubelet.run(pod, needs.apply(spec("main", command))));
    }

    /** The same in a pod that no policy selects; it stays for the scenarios to come, because a pod takes seconds. */
    Attended attendedFree(UnaryOperator<ContainerSpec> needs) {
        return neighbours.compute(needs.apply(spec("any")),
                (_, known) -> known != null && kubelet.status(known.container()).running() ? known : attended(newPod(FREE, ""), needs));
    }

    /** The node's listening addresses, made at the first use. */
    Listeners listeners() {
        if (listeners == null) {
            listeners = new Listeners(Stream.concat(Listeners.METADATA.stream(), Listeners.OTHERS.stream()).toList());
        }
        return listeners;
    }

    /** Removes the scenario's pods. */
    public void clear() {
        for (var pod : pods) {
            kubelet.removePod(pod);
        }
        pods.clear();
        free = null;
    }

    /** A file in the shared directory with known content, as the host sees it. */
    public Path sharedFile(String name, String content) {
        try {
            Path file = layout.shared().resolve(name);
            Files.createDirectories(file.getParent());
            Files.deleteIfExists(file);
            return Files.writeString(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads a file of the shared directory, made if need be, by a session in the container: 0, or the errno. */
    int readShared(Container container, String file) {
        if (!Files.exists(layout.shared().resolve(file))) {
            sharedFile(file, "x");
        }
        return kubelet.execSync(container, List.of("/probes/file", "read", "/shared/" + file)).exitCode();
    }

    public static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Duration seconds(long seconds) {
        return Duration.ofSeconds(seconds);
    }

    @Override
    public void close() throws IOException {
        if (listeners != null) {
            listeners.close();
        }
        kubelet.close();
    }
}
