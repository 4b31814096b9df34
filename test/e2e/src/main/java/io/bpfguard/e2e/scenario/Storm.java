package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import java.nio.LongBuffer;

/**
 * A neighbour renames files, moves mounts and closes files of a detached mount as fast as it can, all of its own. That takes
 * the locks of all names and mounts all the time, and changes nothing for a container with a policy: what it denies stays
 * denied, what it allows stays allowed.
 */
public final class Storm implements Scenario {
    private static final int SECONDS = 100;
    private static final String COUNTS = "storm-counts";
    private static final int KINDS = 3;

    @Override
    public String name() {
        return "storm";
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        var hammer = Hammer.start(stage, stage.pod("free"));
        var counts = Counts.make(stage, COUNTS, KINDS);
        var neighbour = start(stage);
        awaitRounds(stage, hammer, counts);
        if (hammer.opened(Hammer.BOTH) == 0 || hammer.opened(Hammer.ONLY_B) == 0) {
            stage.report.voided("the tasks open the files without us", "");
        }
        stage.kubelet.stop(neighbour);
        stage.kubelet.stop(hammer.container());
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(name(), Catalogue.keeping(name(), "both", "only-a")));
        try (var _ = stage.agent.events().withoutDenialsByRules()) {
            var hammer = Hammer.start(stage, stage.pod(name()));
            var counts = Counts.make(stage, COUNTS, KINDS);
            var neighbour = start(stage);
            awaitRounds(stage, hammer, counts);
            Thread.sleep(stage.count(SECONDS) * 1000L);
            stage.report.note("storm: renames, moves, closes: " + counts.get(0) + ", " + counts.get(1) + ", " + counts.get(2)
                    + "; opens allowed " + hammer.opened(Hammer.ONLY_B) + ", denied " + hammer.refused(Hammer.BOTH));
            stage.report.check(hammer.opened(Hammer.BOTH) == 0 && hammer.opened(Hammer.ONLY_A) == 0 && hammer.refused(Hammer.BOTH) > 0,
                    "no denied open gets through in the storm", hammer.opened(Hammer.BOTH) + " opened");
            stage.report.check(hammer.refused(Hammer.ONLY_B) == 0 && hammer.otherFailures() == 0 && hammer.opened(Hammer.ONLY_B) > 0,
                    "no allowed open is refused in the storm", hammer.refused(Hammer.ONLY_B) + " refused");
            stage.kubelet.stop(neighbour);
            stage.kubelet.stop(hammer.container());
        }
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    private static Container start(Stage stage) {
        return stage.kubelet.run(stage.pod("free"), stage.spec("storm", "/probes/storm", "/shared/" + COUNTS, "/shared", "2"));
    }

    /** Every kind of change has been made, and every task has opened its files meanwhile. */
    private static void awaitRounds(Stage stage, Hammer hammer, LongBuffer counts) throws InterruptedException {
        long end = System.nanoTime() + stage.agent.patience().toNanos();
        for (int kind = 0; kind < KINDS; kind++) {
            while (counts.get(kind) < 4) {
                if (System.nanoTime() > end) {
                    throw new IllegalStateException("the storm does not begin: " + counts.get(0) + " renames, " + counts.get(1)
                            + " moves, " + counts.get(2) + " closes");
                }
                Thread.sleep(2);
            }
        }
        hammer.awaitRounds();
    }
}
