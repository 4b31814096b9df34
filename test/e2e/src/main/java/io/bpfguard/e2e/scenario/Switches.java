package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.ContainerSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;

/**
 * Policy after policy is put in force on a running container whose tasks try the same denied open all the time. Both
 * policies deny it; each also denies a file that the other allows, which shows that it is in force.
 */
public final class Switches implements Scenario {
    private static final int SWITCHES = 1000;
    private static final int TASKS = 8;
    private static final int NUMBERS = 8;
    private static final int ROUNDS = 0;
    private static final int BOTH_OPENED = 1;
    private static final int OTHER_FAILURES = 7;

    @Override
    public String name() {
        return "switches";
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        prepare(stage);
        var container = stage.kubelet.run(stage.pod("free"), hammer(stage));
        var counts = counts(stage);
        awaitRounds(counts, stage);
        if (sum(counts, BOTH_OPENED) == 0) {
            stage.report.voided("the tasks open the file without us", "");
        }
        stage.kubelet.stop(container);
        stage.clear();
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        prepare(stage);
        stage.policies.change(() -> stage.policies.write(name(), policy("a")));
        var container = stage.kubelet.run(stage.pod(name()), hammer(stage));
        var counts = counts(stage);
        awaitRounds(counts, stage);

        int switches = stage.count(SWITCHES);
        var wrong = new ArrayList<String>();
        long generation = 0;
        for (int i = 1; i <= switches; i++) {
            String now = i % 2 == 0 ? "a" : "b";
            long next = stage.policies.change(() -> stage.policies.write(name(), policy(now))).generation();
            if (next <= generation) {
                wrong.add("generation " + next + " after " + generation);
            }
            generation = next;
            wrong.addAll(notInForce(stage, counts, now));
        }
        stage.report.check(wrong.isEmpty(), switches + " switches took effect, each in a new generation",
                String.join("; ", wrong.stream().limit(5).toList()));
        stage.report.check(sum(counts, BOTH_OPENED) == 0, "0 of " + sum(counts, BOTH_OPENED + 1) + " denied opens by " + TASKS
                + " tasks got through during " + switches + " switches", sum(counts, BOTH_OPENED) + " opened, "
                + sum(counts, OTHER_FAILURES) + " other failures");
        stage.kubelet.stop(container);
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    /** After one full round of every task, the file of the policy in force is only refused and the other one only opened. */
    private static ArrayList<String> notInForce(Stage stage, LongBuffer counts, String now) throws InterruptedException {
        awaitRounds(counts, stage);
        int own = now.equals("a") ? 3 : 5;
        int other = now.equals("a") ? 5 : 3;
        long[] before = {sum(counts, own), sum(counts, own + 1), sum(counts, other), sum(counts, other + 1)};
        awaitRounds(counts, stage);
        var wrong = new ArrayList<String>();
        if (sum(counts, own) != before[0] || sum(counts, own + 1) == before[1]) {
            wrong.add("policy " + now + " does not deny its file");
        }
        if (sum(counts, other) == before[2] || sum(counts, other + 1) != before[3]) {
            wrong.add("policy " + now + " denies the other's file");
        }
        return wrong;
    }

    /** Waits until every task has begun and ended a round from now on. */
    private static void awaitRounds(LongBuffer counts, Stage stage) throws InterruptedException {
        long end = System.nanoTime() + stage.agent.patience().toNanos();
        for (int task = 0; task < TASKS; task++) {
            long start = counts.get(task * NUMBERS + ROUNDS);
            while (counts.get(task * NUMBERS + ROUNDS) < start + 2) {
                if (System.nanoTime() > end) {
                    throw new IllegalStateException("task " + task + " does not go on");
                }
                Thread.sleep(2);
            }
        }
    }

    private static long sum(LongBuffer counts, int number) {
        long sum = 0;
        for (int task = 0; task < TASKS; task++) {
            sum += counts.get(task * NUMBERS + number);
        }
        return sum;
    }

    private static void prepare(Stage stage) {
        for (String file : new String[] {"both", "only-a", "only-b"}) {
            stage.sharedFile(file, "x");
        }
        stage.sharedFile("counts", "\0".repeat(TASKS * NUMBERS * Long.BYTES));
    }

    private static ContainerSpec hammer(Stage stage) {
        return stage.spec("hammer", "/probes/hammer", "/shared/counts", "/shared/both", "/shared/only-a", "/shared/only-b",
                Integer.toString(TASKS));
    }

    private static LongBuffer counts(Stage stage) {
        try (var channel = FileChannel.open(stage.layout.shared().resolve("counts"), StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, (long) TASKS * NUMBERS * Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String policy(String which) {
        return Catalogue.policy("switches", """
                files:
                  - action: deny
                    paths: [/shared/both, /shared/only-%s]
                    operations: [read, write]
                """.formatted(which));
    }
}
