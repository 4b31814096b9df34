package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.cri.Pod;
import io.bpfguard.e2e.node.Containerd;
import io.bpfguard.e2e.node.Event;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Containers whose very first system call is the denied one, started again and again, two at once and with both CPUs busy; half
 * of them with the agent frozen from its answer to their CREATE on. Each is started beside a twin that no policy selects.
 */
public final class FirstInstruction implements Scenario {
    private static final int STARTS = 200;
    /** So many containers are made before the agent is frozen, and are all started before it goes on: a thaw costs a new link. */
    private static final int BATCH = 10;
    /**
     * As many as there are CPUs. In pods of their own: where two containers of a pod started at once, containerd 1.7 could not make
     * a shim's socket, and 2.1 never said of one of them that it had ended.
     */
    private static final int AT_ONCE = 2;
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

    /** A container that the policy selects, and the other one. */
    private record Pair(Attempt guarded, Attempt twin) {
        Pair start(Stage stage) {
            stage.kubelet.start(guarded.container);
            stage.kubelet.start(twin.container);
            return this;
        }

        Void remove(Stage stage) {
            stage.kubelet.remove(guarded.container);
            stage.kubelet.remove(twin.container);
            return null;
        }
    }

    private record Pods(Pod selected, Pod free) {}

    private interface Work<T, R> {
        R with(T what) throws Exception;
    }

    private final AtomicInteger serial = new AtomicInteger();

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
        restartRuntime(stage, Containerd.USUAL_NRI_TIMEOUT);
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    private void repeat(Stage stage, int starts, boolean frozen) throws InterruptedException {
        // New ones each time: on a busy machine, a killed containerd does not always find the shims of its old pods again.
        var pods = Stream.generate(() -> new Pods(stage.pod(name()), stage.pod("free"))).limit(AT_ONCE).toList();
        var complaints = new Complaints(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int done = 0; done < starts; done += BATCH) {
            batch(stage, pods, Math.min(BATCH, starts - done), frozen, complaints);
        }
        String how = starts + " starts on " + stage.kubelet.version() + (frozen ? " with the agent frozen after CREATE" : "");
        check(stage, how + ": 0 first system calls got through", complaints.gotThrough);
        check(stage, how + ": 1 event each", complaints.events);
        check(stage, how + ": each got through in an unselected pod", complaints.unselected);
    }

    private static void check(Stage stage, String text, List<String> complaints) {
        stage.report.check(complaints.isEmpty(), text, String.join("; ", complaints.stream().limit(5).toList()));
    }

    private void batch(Stage stage, List<Pods> pods, int size, boolean frozen, Complaints complaints) throws InterruptedException {
        int mark = stage.agent.events().mark();
        var pairs = atOnce(IntStream.range(0, size).boxed().toList(), i -> {
            var of = pods.get(i % AT_ONCE);
            var workload = Workload.of(i / AT_ONCE);
            var pair = new Pair(create(stage, of.selected, workload), create(stage, of.free, workload));
            return frozen ? pair : pair.start(stage);
        });
        var guarded = pairs.stream().map(Pair::guarded).toList();
        try {
            if (frozen) {
                freeze(stage, mark);
                atOnce(pairs, pair -> pair.start(stage));
            }
            compare(stage, guarded, DENIED, complaints.gotThrough);
            compare(stage, pairs.stream().map(Pair::twin).toList(), THROUGH, complaints.unselected);
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
        atOnce(pairs, pair -> pair.remove(stage));
    }

    /** Does the same with each, with every {@link #AT_ONCE}th by the same thread; the results in order. */
    private static <T, R> List<R> atOnce(List<T> all, Work<T, R> work) throws InterruptedException {
        var results = new ArrayList<R>(Collections.nCopies(all.size(), null));
        try (var threads = Executors.newFixedThreadPool(AT_ONCE)) {
            var lanes = IntStream.range(0, AT_ONCE).<Callable<Void>>mapToObj(lane -> () -> {
                for (int i = lane; i < all.size(); i += AT_ONCE) {
                    results.set(i, work.with(all.get(i)));
                }
                return null;
            }).toList();
            for (var done : threads.invokeAll(lanes)) {
                done.get();
            }
        } catch (ExecutionException broken) {
            throw new IllegalStateException(broken.getCause());
        }
        return results;
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
        int number = serial.getAndIncrement();
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

    /** Keep two CPUs busy with what the starts leave of them: the CPUs are emulated, and the agent has to have its turn. */
    private static List<Process> spinners() {
        var spinners = new ArrayList<Process>();
        try {
            for (int i = 0; i < 2; i++) {
                spinners.add(new ProcessBuilder("chrt", "--idle", "0", "/bin/sh", "-c", "while :; do :; done").start());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return spinners;
    }
}
