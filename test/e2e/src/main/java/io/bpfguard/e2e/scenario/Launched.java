package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Pod;
import io.bpfguard.e2e.node.Containerd;
import io.bpfguard.e2e.node.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The runtime itself starts the agent, from its plugin directory, and again when it was restarted. */
public final class Launched implements Scenario {
    private static final Path PLUGIN = Path.of("/opt/nri/plugins/05-bpfguard");
    /** A runtime gives what it launches no outputs; bpfguard-nri writes here. */
    private static final Path EVENTS = Path.of("/var/log/bpfguard/events.json");
    private static final String POLICY = Catalogue.keeping("launched", "first");

    @Override
    public String name() {
        return "launched";
    }

    @Override
    public void run(Stage stage) throws Exception {
        stage.agent.stop();
        stage.agent.uninstall();
        stage.containerd.kill();
        stage.policies.write(name(), POLICY);
        Files.createDirectories(PLUGIN.getParent());
        Files.createSymbolicLink(PLUGIN, stage.layout.command().resolveSibling("bpfguard-nri"));
        try {
            for (String when : new String[] {"at its start", "at its restart"}) {
                stage.containerd.start(Containerd.USUAL_NRI_TIMEOUT);
                stage.kubelet.awaitReady(stage.agent.patience());
                stage.report.check(running(), "the runtime launches the agent " + when, "");
                firstCall(stage, stage.pod(name()), 1, 0, "is denied");
                firstCall(stage, stage.pod("free"), 0, 1, "gets through in a container that no policy selects");
                stage.containerd.kill();
                stage.report.check(ends(stage), "the agent ends with the runtime that launched it", "");
            }
        } finally {
            Files.deleteIfExists(PLUGIN);
            stage.containerd.kill();
            stage.containerd.start(Containerd.USUAL_NRI_TIMEOUT);
        }
        stage.policies.remove(name());
        stage.guarded();
    }

    private static void firstCall(Stage stage, Pod pod, int exit, long size, String what) throws InterruptedException, IOException {
        Path file = stage.sharedFile("first", "");
        var container = stage.kubelet.run(pod, stage.spec("main", "/probes/first-open", "/shared/first"));
        var status = stage.kubelet.awaitExit(container, stage.agent.patience());
        stage.report.check(status.exitCode() == exit && Stage.size(file) == size, "the first system call " + what,
                "exit " + status.exitCode() + ", size " + Stage.size(file));
        if (exit != 0) {
            stage.report.check(reported(stage, container.id()), "and an event is in " + EVENTS, "");
        }
    }

    private static boolean reported(Stage stage, String containerId) throws IOException, InterruptedException {
        long end = System.nanoTime() + stage.agent.patience().toNanos();
        while (System.nanoTime() < end) {
            if (Files.readAllLines(EVENTS).stream().anyMatch(line -> line.contains("\"event\":\"deny\"") && line.contains(containerId))) {
                return true;
            }
            Thread.sleep(100);
        }
        return false;
    }

    private static boolean ends(Stage stage) throws InterruptedException {
        long end = System.nanoTime() + stage.agent.patience().toNanos();
        while (running() && System.nanoTime() < end) {
            Thread.sleep(100);
        }
        return !running();
    }

    private static boolean running() {
        return Shell.run("pgrep", "-f", "io.bpfguard.cli.Main agent").ok();
    }
}
