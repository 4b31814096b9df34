package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import java.util.ArrayList;
import java.util.List;

/**
 * A group of trials under one policy.
 *
 * @param policy the policy's YAML; it selects pods labelled {@code app: NAME}
 * @param harmless commands that must work under the policy
 */
public record TrialScenario(String name, String policy, List<Trial> trials, List<List<String>> harmless, List<Trial> blind)
        implements Scenario {

    public TrialScenario(String name, String policy, List<Trial> trials, List<List<String>> harmless) {
        this(name, policy, trials, harmless, new ArrayList<>());
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        var container = stage.free();
        for (var trial : trials) {
            var outcome = trial.attempt(stage, container);
            trial.effect().reset(stage, container);
            if (!outcome.gotThrough(trial.effect())) {
                blind.add(trial);
                stage.report.voided(trial.title() + " gets through without us", outcome.toString());
            }
        }
        for (var command : harmless) {
            var result = stage.kubelet.execSync(container, command);
            if (result.exitCode() != 0) {
                stage.report.voided(String.join(" ", command) + " works without us", result.toString());
            }
        }
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(name, policy));
        var container = stage.idle(stage.pod(name), "main");
        for (var trial : trials) {
            if (!blind.contains(trial)) {
                trial.denied(stage, container);
            }
        }
        for (var command : harmless) {
            var result = stage.kubelet.execSync(container, command);
            stage.report.check(result.exitCode() == 0, "allowed under the same policy: " + String.join(" ", command),
                    result.exitCode() == 0 ? "" : result.toString());
        }
        neighbour(stage);
        stage.policies.change(() -> stage.policies.remove(name));
    }

    private void neighbour(Stage stage) throws InterruptedException {
        Container container = stage.free();
        int mark = stage.agent.events().mark();
        var wrong = new ArrayList<String>();
        for (var trial : trials) {
            if (!blind.contains(trial)) {
                var outcome = trial.attempt(stage, container);
                trial.effect().reset(stage, container);
                if (!outcome.gotThrough(trial.effect())) {
                    wrong.add(trial.title() + ": " + outcome);
                }
            }
        }
        var events = stage.agent.events().settled(
                mark, event -> event.isDecision() && event.containerId().equals(container.id()), 0, stage.agent.patience());
        if (!events.isEmpty()) {
            wrong.add(events.size() + " events");
        }
        stage.report.check(wrong.isEmpty(), "a pod without policy does all of it, without an event", String.join("; ", wrong));
    }
}
