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
import java.util.stream.Stream;

/**
 * Containers whose very first system call is the denied one, started again and again with both CPUs busy; half of them
 * with the agent frozen from its answer to their CREATE on. Each is started beside a twin that no policy selects.
 */
public final class FirstInstruction implements Scenario {
    private static final int STARTS = 200;
    /** So many containers are made before the agent is frozen, and are all started before it goes on: a thaw costs a new link. */
    private static final int BATCH = 10;
    private static final String DENIED = "exit 1, size 0";
    private static final String THROUGH = "exit 0, size 1";
    private static final String POLICY = Catalogue.policy("first-instruction", """
            processes:
              - name: no-mark
                action: deny
                paths: [/probes/mark]
            files:
              - action: deny
                paths: ["/shared/first-opens/*"]
                operations: [read, write]
            """);
    /** A frozen agent costs it once per batch; the runtime drops the agent after that and goes on. */
    private static final Duration NRI_TIMEOUT = Duration.ofSeconds(15);
    private static final Duration USUAL_NRI_TIMEOUT = Duration.ofSeconds(60);

    /** The workload; its last argument is the file that changes if it gets through. */
    private enum Workload {
        OPEN("first-opens", "/probes/first-open"),
        EXEC("marks", "/probes/first-exec", "/probes/mark");

        final String directory;
        final List<String> command;

        Workload(String directory, String... command) {
            this.directory = directory;
            this.command = List.of(command);
        }

        static Workload of(int number) {
            return number % 2 == 0 ? OPEN : EXEC;
        }
    }

    /** A container that was created, and its own file. */
    private record Attempt(Workload workload, Container container, Path file) {
        String outcome(Stage stage) throws InterruptedException {
            return "exit " + stage.kubelet.awaitExit(container, stage.agent.patience()).exitCode() + ", size " + Stage.size(file);
        }
    }

    /** What went wrong with selected and unselected containers; all empty when all is well. */
    private record Complaints(List<String> gotThrough, List<String> events, List<String> unselected) {}

    private int serial;

    @Override
    public String name() {
        return "first-instruction";
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        var pod = stage.pod("first-instruction");
        for (var workload : Workload.values()) {
            var attempt = create(stage, pod, workload);
            stage.kubelet.start(attempt.container);
            if (!attempt.outcome(stage).equals(THROUGH)) {
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
        var complaints = new Complaints(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int done = 0; done < starts; done += BATCH) {
            batch(stage, selected, free, Math.min(BATCH, starts - done), frozen, complaints);
        }
        String how = starts + " starts on " + stage.kubelet.version() + (frozen ? " with the agent frozen after CREATE" : "");
        check(stage, how + ": 0 first system calls got through", complaints.gotThrough);
        check(stage, how + ": 1 event each", complaints.events);
        check(stage, how + ": each got through in an unselected pod", complaints.unselected);
    }

    private static void check(Stage stage, String text, List<String> complaints) {
        stage.report.check(complaints.isEmpty(), text, String.join("; ", complaints.stream().limit(5).toList()));
    }

    private void batch(Stage stage, Pod selected, Pod free, int size, boolean frozen, Complaints complaints) throws InterruptedException {
        int mark = stage.agent.events().mark();
        var guarded = new ArrayList<Attempt>();
        var twins = new ArrayList<Attempt>();
        for (int i = 0; i < size; i++) {
            guarded.add(create(stage, selected, Workload.of(i)));
            twins.add(create(stage, free, Workload.of(i)));
            if (!frozen) {
                start(stage, guarded.getLast(), twins.getLast());
            }
        }
        try {
            if (frozen) {
                freeze(stage, mark);
            }
            for (int i = 0; frozen && i < size; i++) {
                start(stage, guarded.get(i), twins.get(i));
            }
            compare(stage, guarded, DENIED, complaints.gotThrough);
            compare(stage, twins, THROUGH, complaints.unselected);
        } finally {
            if (frozen) {
                stage.agent.thaw();
            }
        }
        if (frozen) {
            stage.agent.awaitState(mark, "synchronized")
                    .orElseThrow(() -> new IllegalStateException("the agent did not come back after it was frozen"));
        }
        complaints.events.addAll(wrongEvents(stage, mark, guarded));
        Stream.concat(guarded.stream(), twins.stream()).forEach(attempt -> stage.kubelet.remove(attempt.container));
    }

    private static void start(Stage stage, Attempt guarded, Attempt twin) {
        stage.kubelet.start(guarded.container);
        stage.kubelet.start(twin.container);
    }

    /** The agent has answered every CREATE since the mark, and does nothing more. */
    private static void freeze(Stage stage, int mark) {
        stage.agent.freeze();
        if (!stage.agent.events().since(mark, event -> event.kind().equals("agent")).isEmpty()) {
            throw new IllegalStateException("the runtime dropped the agent before it was frozen: this machine is too slow for the time-out");
        }
    }

    private static void compare(Stage stage, List<Attempt> attempts, String expected, List<String> complaints) throws InterruptedException {
        for (var attempt : attempts) {
            String outcome = attempt.outcome(stage);
            if (!outcome.equals(expected)) {
                complaints.add(attempt.workload + " " + attempt.container.id() + ": " + outcome);
            }
        }
    }

    /** One event of the policy per selected container, and none of any other. */
    private List<String> wrongEvents(Stage stage, int mark, List<Attempt> guarded) throws InterruptedException {
        List<Event> all = stage.agent.events().settled(mark, Event::isDecision, guarded.size(), stage.agent.patience());
        var wrong = new ArrayList<String>();
        for (var attempt : guarded) {
            var own = all.stream().filter(event -> event.containerId().equals(attempt.container.id())).toList();
            if (own.size() != 1 || !own.getFirst().policy().equals(name())) {
                wrong.add(attempt.workload + " " + attempt.container.id() + " has " + own);
            }
        }
        if (all.size() != guarded.size()) {
            wrong.add(all.size() + " events of " + guarded.size() + " containers: " + all);
        }
        return wrong;
    }

    private Attempt create(Stage stage, Pod pod, Workload workload) {
        int number = serial++;
        String file = workload.directory + "/" + number;
        var command = Stream.concat(workload.command.stream(), Stream.of("/shared/" + file)).toArray(String[]::new);
        Path seen = stage.sharedFile(file, "");
        return new Attempt(workload, stage.kubelet.create(pod, stage.spec("first-" + number, command)), seen);
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
