package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.cri.Pod;
import io.bpfguard.e2e.node.Event;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Containers whose very first system call is the denied one, started again and again with both CPUs busy; half of them
 * with the agent frozen from its answer to CREATE on.
 */
public final class FirstInstruction implements Scenario {
    private static final int STARTS = 200;
    private static final int EPERM = 1;
    private static final String POLICY = Catalogue.policy("first-instruction", """
            processes:
              - name: no-mark
                action: deny
                paths: [/probes/mark]
            files:
              - action: deny
                paths: [/shared/first]
                operations: [read, write]
            """);
    /** Short, so that a frozen agent costs little time; the runtime drops it after that and goes on. */
    private static final Duration NRI_TIMEOUT = Duration.ofSeconds(8);
    private static final Duration USUAL_NRI_TIMEOUT = Duration.ofSeconds(60);

    /** The workload, and the file that changes if it gets through. */
    private enum Workload {
        OPEN("first", "/probes/first-open", "/shared/first"),
        EXEC("exec-mark", "/probes/first-exec", "/probes/mark", "/shared/exec-mark");

        final String file;
        final String[] command;

        Workload(String file, String... command) {
            this.file = file;
            this.command = command;
        }

        static Workload of(int number) {
            return number % 2 == 0 ? OPEN : EXEC;
        }
    }

    private int serial;

    @Override
    public String name() {
        return "first-instruction";
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        var pod = stage.pod("first-instruction");
        for (var workload : Workload.values()) {
            if (!startUnguarded(stage, pod, workload)) {
                stage.report.voided(workload + " as the first system call gets through without us", "");
            }
        }
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(name(), POLICY));
        int half = stage.count(STARTS) / 2;
        var spinners = spinners();
        try {
            repeat(stage, half, false);
            restartRuntime(stage, NRI_TIMEOUT);
            repeat(stage, half, true);
        } finally {
            spinners.forEach(Process::destroyForcibly);
        }
        restartRuntime(stage, USUAL_NRI_TIMEOUT);
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    private void repeat(Stage stage, int starts, boolean frozen) throws InterruptedException {
        // New ones each time: on a busy machine, a killed containerd does not always find the shims of its old pods again.
        var selected = stage.pod("first-instruction");
        var free = stage.pod("free");
        var gotThrough = new ArrayList<String>();
        var noEvent = new ArrayList<String>();
        int unselectedFailed = 0;
        for (int i = 0; i < starts; i++) {
            var workload = Workload.of(i);
            startGuarded(stage, selected, workload, frozen, gotThrough, noEvent);
            if (!startUnguarded(stage, free, workload)) {
                unselectedFailed++;
            }
        }
        String how = starts + " starts on " + stage.kubelet.version() + (frozen ? " with the agent frozen after CREATE" : "");
        stage.report.check(gotThrough.isEmpty(), how + ": 0 first system calls got through",
                String.join("; ", gotThrough.stream().limit(5).toList()));
        stage.report.check(noEvent.isEmpty(), how + ": 1 event each", String.join("; ", noEvent.stream().limit(5).toList()));
        stage.report.check(unselectedFailed == 0, how + ": each got through in an unselected pod",
                unselectedFailed == 0 ? "" : unselectedFailed + " did not");
    }

    private void startGuarded(
            Stage stage, Pod pod, Workload workload, boolean frozen, List<String> gotThrough, List<String> noEvent)
            throws InterruptedException {
        Path file = stage.sharedFile(workload.file, "");
        int mark = stage.agent.events().mark();
        var container = create(stage, pod, workload);
        if (frozen) {
            stage.agent.freeze();
        }
        String how;
        try {
            stage.kubelet.start(container);
            how = "exit " + stage.kubelet.awaitExit(container, stage.agent.patience()).exitCode();
        } finally {
            if (frozen) {
                stage.agent.thaw();
            }
        }
        if (!how.equals("exit " + EPERM) || Stage.size(file) != 0) {
            gotThrough.add(workload + " " + how + " size " + Stage.size(file));
        }
        if (frozen) {
            stage.agent.awaitState(mark, "synchronized")
                    .orElseThrow(() -> new IllegalStateException("the agent did not come back after it was frozen"));
        }
        List<Event> events = stage.agent.events().settled(
                mark, event -> event.isDecision() && event.containerId().equals(container.id()), 1, stage.agent.patience());
        if (events.size() != 1 || !events.getFirst().policy().equals(name())) {
            noEvent.add(workload + " " + container.id() + " has " + events + " of " + stage.agent.events().since(mark, Event::isDecision));
        }
        stage.kubelet.remove(container);
    }

    private boolean startUnguarded(Stage stage, Pod pod, Workload workload) throws InterruptedException {
        Path file = stage.sharedFile(workload.file, "");
        var container = create(stage, pod, workload);
        stage.kubelet.start(container);
        var status = stage.kubelet.awaitExit(container, stage.agent.patience());
        stage.kubelet.remove(container);
        return status.exitCode() == 0 && Stage.size(file) == 1;
    }

    private Container create(Stage stage, Pod pod, Workload workload) {
        return stage.kubelet.create(pod, stage.spec("first-" + serial++, workload.command));
    }

    private static void restartRuntime(Stage stage, Duration timeout) throws InterruptedException {
        int mark = stage.agent.events().mark();
        stage.containerd.kill();
        stage.containerd.start(timeout);
        stage.agent.awaitState(mark, "synchronized")
                .orElseThrow(() -> new IllegalStateException("the agent did not come back to a restarted runtime"));
    }

    /** Keeps two CPUs busy; the agent, which is emulated too, shall get its turn all the same. */
    private static List<Process> spinners() {
        var spinners = new ArrayList<Process>();
        try {
            for (int i = 0; i < 2; i++) {
                spinners.add(new ProcessBuilder("nice", "-n", "10", "/bin/sh", "-c", "while :; do :; done").start());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return spinners;
    }
}
