package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.cri.Pod;
import io.bpfguard.e2e.node.Containerd;
import io.bpfguard.e2e.node.Event;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Containers whose very first system call is the denied one, started again and again, two at once and with both CPUs busy; or with the
 * agent frozen from its answer to their CREATE on. Each is started beside a twin that no policy selects.
 */
public final class FirstInstruction implements Scenario {
    private static final int STARTS = 100;
    /** Of these may fail because the runtime finds its own shim too slow; they are made up for. */
    private static final int LOST_SHIMS = 20;
    /** So many containers are made before the agent is frozen, and are all started before it goes on: a thaw costs a new link. */
    private static final int BATCH = 10;
    /**
     * As many as there are CPUs. In pods of their own: where two containers of a pod started at once, containerd 1.7 could not make
     * a shim's socket, and 2.1 never said of one of them that it had ended.
     */
    private static final int AT_ONCE = 2;
    private static final String DENIED = "exit 1, size 0";
    private static final String THROUGH = "exit 0, size 1";
    private static final String RULES = """
            processes:
              - name: no-mark
                action: deny
                paths: [/probes/mark]
            files:
              - action: deny
                paths: ["/shared/first-opens/*"]
                operations: [read, write]
            """;
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

    /**
     * A container that the policy selects, and the other one.
     *
     * @param isStarted false as well if the runtime found no shim for one of them; then that one was not made
     */
    private record Pair(Attempt guarded, Attempt twin, boolean isStarted) {
        Pair(Attempt guarded, Attempt twin) {
            this(guarded, twin, false);
        }

        /** containerd 1.7 gives a pod's shim 100 ms to answer when it adds a container to it, and removes its socket otherwise: the pod is lost. */
        Pair start(Stage stage) {
            try {
                stage.kubelet.start(guarded.container);
                stage.kubelet.start(twin.container);
                return new Pair(guarded, twin, true);
            } catch (StatusRuntimeException failure) {
                if (String.valueOf(failure.getMessage()).contains("failed to start shim")) {
                    return this;
                }
                throw failure;
            }
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

    private final boolean frozen;
    private final AtomicInteger serial = new AtomicInteger();

    private FirstInstruction(boolean frozen) {
        this.frozen = frozen;
    }

    /** With the agent there. */
    static Scenario live() {
        return new FirstInstruction(false);
    }

    /** With the agent frozen when it has answered. */
    static Scenario frozen() {
        return new FirstInstruction(true);
    }

    @Override
    public String name() {
        return frozen ? "first-instruction-frozen" : "first-instruction";
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        var pod = stage.pod(name());
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
        stage.policies.change(() -> stage.policies.write(name(), Catalogue.policy(name(), RULES)));
        var spinners = spinners();
        try {
            if (frozen) {
                restartRuntime(stage, NRI_TIMEOUT);
            }
            repeat(stage, stage.count(STARTS));
        } finally {
            spinners.forEach(Process::destroyForcibly);
        }
        if (frozen) {
            restartRuntime(stage, Containerd.USUAL_NRI_TIMEOUT);
        }
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    private void repeat(Stage stage, int starts) throws InterruptedException {
        var pods = Stream.generate(() -> newPods(stage)).limit(AT_ONCE).collect(Collectors.toCollection(ArrayList::new));
        var complaints = new Complaints(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        int lost = 0;
        for (int done = 0; done < starts; ) {
            int size = Math.min(BATCH, starts - done);
            int started = batch(stage, pods, size, complaints);
            done += started;
            lost += size - started;
            if (lost > LOST_SHIMS) {
                throw new IllegalStateException("the runtime could not start the shims of " + lost + " containers");
            }
        }
        if (lost > 0) {
            stage.report.note("the runtime lost the shims of " + lost + " containers before they were made; as many more were started");
        }
        String how = starts + " starts on " + stage.kubelet.version() + (frozen ? " with the agent frozen after CREATE" : "");
        check(stage, how + ": 0 first system calls got through", complaints.gotThrough);
        check(stage, how + ": 1 event each", complaints.events);
        check(stage, how + ": each got through in an unselected pod", complaints.unselected);
    }

    private static void check(Stage stage, String text, List<String> complaints) {
        stage.report.check(complaints.isEmpty(), text, String.join("; ", complaints.stream().limit(5).toList()));
    }

    private Pods newPods(Stage stage) {
        return new Pods(stage.pod(name()), stage.pod("free"));
    }

    /** How many pairs were started. */
    private int batch(Stage stage, List<Pods> pods, int size, Complaints complaints) throws InterruptedException {
        int mark = stage.agent.events().mark();
        var pairs = atOnce(IntStream.range(0, size).boxed().toList(), i -> {
            var of = pods.get(i % AT_ONCE);
            var workload = Workload.of(i / AT_ONCE);
            var pair = new Pair(create(stage, of.selected, workload), create(stage, of.free, workload));
            return frozen ? pair : pair.start(stage);
        });
        List<Pair> started;
        List<Attempt> guarded;
        try {
            if (frozen) {
                freeze(stage, mark);
                pairs = atOnce(pairs, pair -> pair.start(stage));
            }
            started = pairs.stream().filter(Pair::isStarted).toList();
            guarded = started.stream().map(Pair::guarded).toList();
            compare(stage, guarded, DENIED, complaints.gotThrough);
            compare(stage, started.stream().map(Pair::twin).toList(), THROUGH, complaints.unselected);
        } finally {
            if (frozen) {
                stage.agent.thaw();
            }
        }
        if (frozen) {
            stage.agent.awaitState(mark, "synchronized")
                    .orElseThrow(() -> new IllegalStateException("the agent did not come back after it was frozen"));
        }
        complaints.events.addAll(wrongEvents(stage, mark, guarded, pairs.stream().filter(pair -> !pair.isStarted()).map(Pair::guarded).toList()));
        atOnce(started, pair -> pair.remove(stage));
        for (int lane = 0; lane < AT_ONCE; lane++) {
            for (int i = lane; i < pairs.size(); i += AT_ONCE) {
                if (!pairs.get(i).isStarted()) {
                    pods.set(lane, newPods(stage));
                }
            }
        }
        return started.size();
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

    /** One event of the policy per selected container, and none of any other but those that have lost their twin. */
    private List<String> wrongEvents(Stage stage, int mark, List<Attempt> guarded, List<Attempt> alone) throws InterruptedException {
        Set<String> others = alone.stream().map(attempt -> attempt.container.id()).collect(Collectors.toSet());
        List<Event> all = stage.agent.events().settled(mark, event -> event.isDecision() && !others.contains(event.containerId()), guarded.size(),
                stage.agent.patience());
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
