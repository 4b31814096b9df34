package io.bpfguard.e2e.scenario;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What a decision costs under one rule and under ten thousand: instructions of an open and close that no rule denies, in one
 * boot. It says something only where the clock counts instructions: in a guest with {@code --icount}.
 */
public final class RuleCost implements Scenario {
    private static final int RULES = 10_000;
    private static final double GROWTH = 1.05;
    /** Of two measurements of the same thing: more would be a fault of the measuring. */
    private static final double SPREAD = 1.01;
    private static final String FILE = "a-file-of-a-usual-length/configuration.yaml";
    private static final List<String> OPENS = List.of("/probes/opens", "/shared/" + FILE, "200", "20");

    @Override
    public String name() {
        return "rule-cost";
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        stage.sharedFile(FILE, "x");
        long one = opens(stage, stage.attendedFree(UnaryOperator.identity()));
        long again = opens(stage, stage.attendedFree(UnaryOperator.identity()));
        if (ratio(Math.max(one, again), Math.min(one, again)) > SPREAD) {
            stage.report.voided("without us the clock says the same twice: is this guest run with --icount?", one + " and " + again);
        }
        stage.report.note("without us %d instructions".formatted(one));
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(name(), policy(1)));
        var container = stage.attended(name(), UnaryOperator.identity());
        long one = opens(stage, container);
        long free = opens(stage, stage.attendedFree(UnaryOperator.identity()));
        stage.policies.change(() -> stage.policies.write(name(), policy(RULES)));
        long many = opens(stage, container);
        long last = denied(stage, container, RULES - 1);
        stage.report.note("in a pod without policy %d, under 1 rule %d, under %d rules %d instructions".formatted(free, one, RULES, many));
        stage.report.check(last == 1, "the last of %d rules denies".formatted(RULES), "exit " + last);
        stage.report.check(ratio(many, one) <= GROWTH, "%d rules cost at most 5 %% more than one".formatted(RULES),
                "%d instead of %d instructions".formatted(many, one));
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    private static double ratio(long dividend, long divisor) {
        return (double) dividend / divisor;
    }

    private static long opens(Stage stage, Attended container) throws InterruptedException {
        var result = container.execute(OPENS);
        if (result.exitCode() != 0) {
            throw new IllegalStateException("the probe ended with " + result);
        }
        return Long.parseLong(result.stdout().strip());
    }

    private static int denied(Stage stage, Attended container, int rule) throws InterruptedException {
        stage.sharedFile(path(rule), "x");
        return container.execute(List.of("/probes/opens", "/shared/" + path(rule), "1", "1")).exitCode();
    }

    /** As paths are: many have beginnings in common with each other and with the file that is opened. */
    private static String path(int rule) {
        return "a-file-of-%d/conf-%05d".formatted(rule % 100, rule);
    }

    private static String policy(int rules) {
        return Catalogue.policy("rule-cost", "files:\n" + IntStream.range(0, rules)
                .mapToObj(rule -> "  - {action: deny, paths: [\"/shared/%s*\"], operations: [read]}\n".formatted(path(rule)))
                .collect(Collectors.joining()));
    }
}
