package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.scenario.RandomAction.Step;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A part of the language with the actions that are tried of it.
 *
 * @param actions none of which makes a difference to another
 */
record RandomSubject(RandomPart part, List<RandomAction> actions) {
    /** How many actions one run of the probe does. */
    private static final int AT_ONCE = 1000;

    /** How often the steps of a kind were done, and denied. */
    record Count(int done, int denied) {
        private Count and(boolean isDenied) {
            return new Count(done + 1, denied + (isDenied ? 1 : 0));
        }

        /** Both outcomes are at least a tenth. */
        boolean isMixed() {
            return 10 * denied >= done && 10 * (done - denied) >= done;
        }
    }

    RandomSubject {
        actions = List.copyOf(actions);
    }

    /** With its share of so many actions, as far as there are some. */
    static RandomSubject of(RandomPart part, int all) {
        return new RandomSubject(part, part.actions().limit((long) all * part.percent() / 100).toList());
    }

    /** The pod's label, and of the policies with a number each. */
    String name() {
        return "agreement-" + part.name();
    }

    /** Its policies in a random order, with the rules of each in one. */
    List<RandomPolicy> reordered(Chance chance) {
        return chance.shuffled(part.policies()).stream().map(policy -> policy.shuffled(chance)).toList();
    }

    String yaml(List<RandomPolicy> policies) {
        return IntStream.range(0, policies.size()).mapToObj(i -> policies.get(i).yaml(name() + "-" + i, name())).collect(Collectors.joining("---\n"));
    }

    /** Has them done, in a container: a line per action, with the errnos of its steps as far as they were done. */
    List<String> done(Attended container, Path shared) throws IOException, InterruptedException {
        part.prepare(shared, actions);
        var lines = new ArrayList<String>();
        for (int from = 0; from < actions.size(); from += AT_ONCE) {
            var some = actions.subList(from, Math.min(actions.size(), from + AT_ONCE));
            String list = RandomPart.ROOT + part.name() + ".list";
            new SharedTree(shared, RandomPart.ROOT).replace(list, String.join("", some.stream().map(action -> action.line() + "\n").toList()));
            lines.addAll(container.execute(List.of("/probes/actions", list)).stdout().lines().toList());
        }
        return lines;
    }

    /** A test of these policies that expects the answers. */
    String test(String policies, List<String> answers) {
        var cases = new StringBuilder("apiVersion: bpfguard.io/v1\nkind: PolicyTest\nmetadata: {name: %s}\nspec:\n  policies: [%s]\n"
                .formatted(name(), policies)).append("  container: {namespace: e2e, labels: {app: %s}}\n  cases:\n".formatted(name()));
        each(answers, (step, errno) -> cases.append("    - {").append(step.attempt()).append(", expect: ").append(expected(errno)).append("}\n"));
        return cases.toString();
    }

    private static String expected(String errno) {
        return errno.equals("0") ? "allow" : "deny, errno: " + errno;
    }

    /** By the kind of step. */
    Map<String, Count> counts(List<String> answers) {
        var counts = new TreeMap<String, Count>();
        each(answers, (step, errno) -> counts.merge(step.kind(), new Count(0, 0).and(!errno.equals("0")), (all, one) ->
                new Count(all.done + one.done, all.denied + one.denied)));
        counts.remove("");
        return counts;
    }

    private interface Visit {
        void step(Step step, String errno);
    }

    private void each(List<String> answers, Visit visit) {
        for (int i = 0; i < actions.size(); i++) {
            String[] errnos = answers.get(i).split(" ");
            for (int step = 0; step < errnos.length; step++) {
                visit.step(actions.get(i).steps().get(step), errnos[step]);
            }
        }
    }
}
