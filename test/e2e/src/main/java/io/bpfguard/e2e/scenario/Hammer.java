package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.cri.Pod;
import java.nio.LongBuffer;
import java.nio.file.Files;

/**
 * A container whose tasks, half of them threads, open three shared files in a loop, and what each of them counted: the
 * probe {@code hammer}.
 *
 * @param counts mapped: the tasks go on counting in it
 */
record Hammer(Stage stage, Container container, LongBuffer counts) {
    static final int TASKS = 8;
    /** The files by their number in {@link #opened} and {@link #refused}. */
    static final int BOTH = 0;
    static final int ONLY_A = 1;
    static final int ONLY_B = 2;
    private static final String[] FILES = {"both", "only-a", "only-b"};
    private static final int NUMBERS = 8;
    private static final int ROUNDS = 0;
    private static final int OTHER_FAILURES = 7;

    /** Starts it, and waits until every task has opened all files or failed to. */
    static Hammer start(Stage stage, Pod pod) throws InterruptedException {
        for (String each : FILES) {
            if (!Files.exists(stage.layout.shared().resolve(each))) {
                stage.sharedFile(each, "x");
            }
        }
        String file = "counts-" + pod.spec().name();
        var counts = Counts.make(stage, file, TASKS * NUMBERS);
        var container = stage.kubelet.run(pod, stage.spec("hammer", "/probes/hammer", "/shared/" + file,
                "/shared/" + FILES[BOTH], "/shared/" + FILES[ONLY_A], "/shared/" + FILES[ONLY_B], Integer.toString(TASKS)));
        var hammer = new Hammer(stage, container, counts);
        hammer.awaitRounds();
        return hammer;
    }

    /** Waits until every task has begun and ended a round from now on. */
    void awaitRounds() throws InterruptedException {
        long end = System.nanoTime() + stage.agent.patience().toNanos();
        for (int task = 0; task < TASKS; task++) {
            long start = number(task, ROUNDS);
            while (number(task, ROUNDS) < start + 2) {
                if (System.nanoTime() > end) {
                    throw new IllegalStateException("task " + task + " does not go on");
                }
                Thread.sleep(2);
            }
        }
    }

    /** How often the tasks opened a file. */
    long opened(int file) {
        return sum(1 + 2 * file);
    }

    /** How often opening a file failed with EPERM. */
    long refused(int file) {
        return sum(2 + 2 * file);
    }

    /** How often opening a file failed with EPERM in the task where that happened least. */
    long refusedAtLeast(int file) {
        long least = Long.MAX_VALUE;
        for (int task = 0; task < TASKS; task++) {
            least = Math.min(least, number(task, 2 + 2 * file));
        }
        return least;
    }

    /** How often opening a file failed in another way. */
    long otherFailures() {
        return sum(OTHER_FAILURES);
    }

    private long sum(int number) {
        long sum = 0;
        for (int task = 0; task < TASKS; task++) {
            sum += number(task, number);
        }
        return sum;
    }

    private long number(int task, int number) {
        return counts.get(task * NUMBERS + number);
    }
}
