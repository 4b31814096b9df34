package io.bpfguard.e2e.scenario;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.cri.Pod;
import io.bpfguard.e2e.node.Host;
import io.bpfguard.e2e.node.Shell;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** Containers that the runtime makes while no agent answers: nothing of them runs but what holds a pod's namespaces, and that stands still. */
public final class UnclaimedContainers implements Scenario {
    private static final int EPERM = 1;
    private static final String THROUGH = "exit 0, size 1";
    private static final ObjectMapper JSON = new ObjectMapper();

    private int serial;

    @Override
    public String name() {
        return "unclaimed";
    }

    @Override
    public void control(Stage stage) throws Exception {
        // As an image's author may name a program.
        Files.copy(stage.layout.probes().resolve("first-open"), stage.layout.shared().resolve("pause"), StandardCopyOption.REPLACE_EXISTING);
        stage.layout.shared().resolve("pause").toFile().setExecutable(true);
        var pod = stage.pod(name());
        for (String program : List.of("/probes/first-open", "/shared/pause")) {
            String outcome = start(stage, pod, program);
            if (!outcome.equals(THROUGH)) {
                stage.report.voided(program + " gets through without us", outcome);
            }
        }
    }

    @Override
    public void run(Stage stage) throws Exception {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(name(), Catalogue.keeping(name(), "kept")));
        var pod = stage.pod(name());
        var old = stage.idle(pod, "old");
        String state = awaitState(pod, "S");
        stage.report.check(state.startsWith("S"), "with the agent, what holds a pod's namespaces runs", state);

        stage.agent.kill();
        var later = stage.pod(name());
        stage.report.check(pauseState(later).startsWith("T"), "without, a pod's namespaces are held by a program that stands still", pauseState(later));
        for (Pod where : List.of(pod, later)) {
            String outcome = start(stage, where, "/probes/first-open");
            stage.report.check(outcome.contains("size 0") && outcome.contains("not permitted"), "without, the runtime cannot start a container in "
                    + (where == pod ? "an old pod" : "a new one"), outcome);
        }
        held(stage, later);
        Path kept = stage.sharedFile("kept", "");
        int exit = stage.kubelet.execSync(old, List.of("/probes/file", "append", "/shared/kept")).exitCode();
        stage.report.check(exit == EPERM && Stage.size(kept) == 0, "sessions in an old container go on, and are judged", "exit " + exit);
        Shell.Result elsewhere = Shell.run("ctr", "-n", "k8s.io", "run", "--rm", Stage.IMAGE, "elsewhere-" + serial, "/bin/true");
        stage.report.check(elsewhere.ok(), "a container elsewhere than below a guarded root starts", elsewhere.output());
        var status = JSON.readTree(stage.agent.command("status", "--json").output()).get("unclaimed");
        stage.report.check(status.get("mode").asText().equals("deny") && status.get("denied").asInt() >= 2, "bpfguard status says so", status.toString());

        int mark = stage.agent.events().mark();
        stage.agent.start();
        var denials = stage.agent.events().settled(mark, event -> event.isDecision() && event.reason().equals("unclaimed"), 2, stage.agent.patience());
        stage.report.check(denials.size() >= 2, "the next agent reports what was denied", denials.toString());
        state = awaitState(later, "S");
        stage.report.check(state.startsWith("S"), "with it, the new pod's program goes on", state);
        String outcome = start(stage, later, "/probes/first-open");
        stage.report.check(outcome.equals(THROUGH), "and its containers start", outcome);
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    /** A container whose program has the name of the one that holds namespaces. */
    private void held(Stage stage, Pod pod) throws InterruptedException {
        Path seen = stage.sharedFile("first-opens/held", "");
        var container = stage.kubelet.run(pod, stage.spec("held", "/shared/pause", "/shared/first-opens/held"));
        Thread.sleep(3000);
        int pid = stage.kubelet.status(container).pid();
        stage.report.check(Stage.size(seen) == 0 && state(pid).startsWith("T"), "a program of that name in another container stands still too",
                "size " + Stage.size(seen) + ", " + state(pid));
    }

    private String start(Stage stage, Pod pod, String program) throws InterruptedException {
        String file = "first-opens/unclaimed-" + serial++;
        Path seen = stage.sharedFile(file, "");
        try {
            Container container = stage.kubelet.run(pod, stage.spec("unclaimed-" + serial, program, "/shared/" + file));
            return "exit " + stage.kubelet.awaitExit(container, stage.agent.patience()).exitCode() + ", size " + Stage.size(seen);
        } catch (StatusRuntimeException refused) {
            return "size " + Stage.size(seen) + ", " + refused.getMessage();
        }
    }

    /** Of the first process below the pod's cgroup that is called pause. */
    private static String pauseState(Pod pod) {
        String below = pod.config().getMetadata().getUid();
        try (var processes = Files.list(Path.of("/proc"))) {
            for (Path process : processes.filter(path -> path.getFileName().toString().matches("[0-9]+")).toList()) {
                int pid = Integer.parseInt(process.getFileName().toString());
                String cgroup = Host.cgroup(pid);
                if ((cgroup.contains(below) || cgroup.contains(below.replace('-', '_'))) && Host.status(pid, "Name").equals("pause")) {
                    return state(pid);
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return "there is none";
    }

    private static String awaitState(Pod pod, String wanted) throws InterruptedException {
        for (int i = 0; i < 100 && !pauseState(pod).startsWith(wanted); i++) {
            Thread.sleep(100);
        }
        return pauseState(pod);
    }

    private static String state(int pid) {
        return Host.status(pid, "State");
    }
}
