package io.bpfguard.e2e.scenario;

import java.util.ArrayList;

/**
 * Policy after policy is put in force on a running container whose tasks try the same denied open all the time. Both
 * policies deny it; each also denies a file that the other allows, which shows that it is in force.
 */
public final class Switches implements Scenario {
    private static final int SWITCHES = 1000;

    @Override
    public String name() {
        return "switches";
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        var hammer = Hammer.start(stage, stage.pod("free"));
        if (hammer.opened(Hammer.BOTH) == 0) {
            stage.report.voided("the tasks open the file without us", "");
        }
        stage.kubelet.stop(hammer.container());
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(name(), policy("a")));
        try (var _ = stage.agent.events().withoutDenialsByRules()) {
            switchUnderLoad(stage);
        }
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    private void switchUnderLoad(Stage stage) throws InterruptedException {
        var hammer = Hammer.start(stage, stage.pod(name()));
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
            wrong.addAll(notInForce(hammer, now));
        }
        stage.report.check(wrong.isEmpty(), switches + " switches took effect, each in a new generation",
                String.join("; ", wrong.stream().limit(5).toList()));
        long opened = hammer.opened(Hammer.BOTH);
        stage.report.check(opened == 0, "0 of " + hammer.refused(Hammer.BOTH) + " denied opens by " + Hammer.TASKS
                + " tasks got through during " + switches + " switches", opened + " opened, " + hammer.otherFailures() + " other failures");
        stage.kubelet.stop(hammer.container());
    }

    /** After one full round of every task, the file of the policy in force is only refused and the other one only opened. */
    private static ArrayList<String> notInForce(Hammer hammer, String now) throws InterruptedException {
        hammer.awaitRounds();
        int own = now.equals("a") ? Hammer.ONLY_A : Hammer.ONLY_B;
        int other = now.equals("a") ? Hammer.ONLY_B : Hammer.ONLY_A;
        long[] before = {hammer.opened(own), hammer.refused(own), hammer.opened(other), hammer.refused(other)};
        hammer.awaitRounds();
        var wrong = new ArrayList<String>();
        if (hammer.opened(own) != before[0] || hammer.refused(own) == before[1]) {
            wrong.add("policy " + now + " does not deny its file: " + difference(hammer, own, before[0], before[1]));
        }
        if (hammer.opened(other) == before[2] || hammer.refused(other) != before[3]) {
            wrong.add("policy " + now + " denies the other's file: " + difference(hammer, other, before[2], before[3]));
        }
        return wrong;
    }

    private static String difference(Hammer hammer, int file, long opened, long refused) {
        return hammer.opened(file) - opened + " opened, " + (hammer.refused(file) - refused) + " refused";
    }

    private String policy(String which) {
        return Catalogue.keeping(name(), "both", "only-" + which);
    }
}
