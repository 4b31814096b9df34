package io.bpfguard.e2e.scenario;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One of several policies that select the same container.
 *
 * @param defaults families of which everything is denied that nothing allows
 * @param rules its rules; their order means nothing
 */
record RandomPolicy(List<String> defaults, List<Rule> rules) {
    /**
     * A rule.
     *
     * @param family the key of its list
     * @param text in braces
     */
    record Rule(String family, String text) {
        static Rule allow(String family, String conditions) {
            return new Rule(family, "{action: allow, " + conditions + "}");
        }

        static Rule deny(String family, String errno, String conditions) {
            return new Rule(family, "{action: deny, errno: " + errno + ", " + conditions + "}");
        }
    }

    /** Three, so that the smaller errno of two rules counts often; no action fails with one of them by itself. */
    static final List<String> ERRNOS = List.of("EPERM", "EACCES", "ENOENT");

    RandomPolicy {
        defaults = List.copyOf(defaults);
        rules = List.copyOf(rules);
    }

    static RandomPolicy of(List<Rule> rules) {
        return new RandomPolicy(List.of(), rules);
    }

    RandomPolicy shuffled(Chance chance) {
        return new RandomPolicy(defaults, chance.shuffled(rules));
    }

    /** For pods with the label {@code app: APP}. */
    String yaml(String name, String app) {
        var text = new StringBuilder("""
                apiVersion: bpfguard.io/v1
                kind: ContainerPolicy
                metadata: {name: %s}
                spec:
                  selector: {podLabels: {matchLabels: {app: %s}}}
                """.formatted(name, app));
        if (!defaults.isEmpty()) {
            text.append(defaults.stream().map(family -> family + ": deny").collect(Collectors.joining(", ", "  defaults: {", "}\n")));
        }
        Map<String, List<String>> byFamily = new TreeMap<>();
        rules.forEach(rule -> byFamily.computeIfAbsent(rule.family(), _ -> new ArrayList<>()).add(rule.text()));
        byFamily.forEach((family, texts) -> {
            text.append("  ").append(family).append(":\n");
            texts.forEach(rule -> text.append("    - ").append(rule).append('\n'));
        });
        return text.toString();
    }
}
