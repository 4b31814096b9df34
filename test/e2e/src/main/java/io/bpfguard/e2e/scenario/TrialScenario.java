package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.ContainerSpec;
import io.bpfguard.e2e.node.Event;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A group of trials under one policy.
 *
 * @param policy the policy's YAML; it selects pods labelled {@code app: NAME}
 * @param harmless commands that must work under the policy
 * @param needs what its containers have beside CAP_SYS_ADMIN
 * @param blind trials that this run found to show nothing: their controls did not get through, or the kernel lacks them
 */
public record TrialScenario(String name, String policy, List<Trial> trials, List<List<String>> harmless,
        UnaryOperator<ContainerSpec> needs, List<Trial> blind) implements Scenario {
    private static final int REPEATS = 100;
    private static final String REPEATEDLY = "i=%d; while [ $i -gt 0 ]; do i=$((i - 1)); \"$@\" || exit; done";

    public TrialScenario(String name, String policy, List<Trial> trials, List<List<String>> harmless) {
        this(name, policy, trials, harmless, UnaryOperator.identity());
    }

    public TrialScenario(String name, String policy, List<Trial> trials, List<List<String>> harmless, UnaryOperator<ContainerSpec> needs) {
        this(name, policy, trials, harmless, needs, new ArrayList<>());
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        var container = stage.attendedFree(needs);
        for (var trial : trials) {
            if (!trial.since().isReached()) {
                blind.add(trial);
                stage.report.skip(trial.title(), "not on this kernel: since " + trial.since());
                continue;
            }
            var outcome = trial.attempt(stage, container);
            trial.effect().reset(stage, container.container());
            if (!trial.gotThrough(outcome)) {
                blind.add(trial);
                stage.report.voided(trial.title() + " gets through without us", outcome.toString());
            }
        }
        for (var command : harmless) {
            var result = container.execute(command);
            if (result.exitCode() != 0) {
                stage.report.voided(String.join(" ", command) + " works without us", result.toString());
            }
        }
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(name, policy));
        var container = stage.attended(name, needs);
        for (var trial : trials) {
            if (!blind.contains(trial)) {
                trial.denied(stage, container);
            }
        }
        for (var command : harmless) {
            int mark = stage.agent.events().mark();
            var result = container.execute(repeatedly(command, stage.count(REPEATS)));
            boolean allowed = result.exitCode() == 0;
            stage.report.check(allowed, "allowed under the same policy: " + String.join(" ", command),
                    allowed ? "" : result + ", events " + stage.agent.events().settled(mark, Event::isDecision, 1, stage.agent.patience()));
        }
        neighbour(stage);
        stage.policies.change(() -> stage.policies.remove(name));
    }

    private static List<String> repeatedly(List<String> command, int times) {
        return Stream.concat(Stream.of("/bin/sh", "-c", REPEATEDLY.formatted(times), "sh"), command.stream()).toList();
    }

    private void neighbour(Stage stage) throws InterruptedException {
        var container = stage.attendedFree(needs);
        int mark = stage.agent.events().mark();
        var wrong = new ArrayList<String>();
        for (var trial : trials) {
            if (!blind.contains(trial)) {
                var outcome = trial.attempt(stage, container);
                trial.effect().reset(stage, container.container());
                if (!trial.gotThrough(outcome)) {
                    wrong.add(trial.title() + ": " + outcome);
                }
            }
        }
        var events = stage.agent.events().settled(
                mark, event -> event.isDecision() && event.containerId().equals(container.container().id()), 0, stage.agent.patience());
        if (!events.isEmpty()) {
            wrong.add(events.size() + " events");
        }
        stage.report.check(wrong.isEmpty(), "a pod without policy does all of it, without an event", String.join("; ", wrong));
    }
}
