package io.bpfguard.policy.compile;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Chain;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Ruleset;
import io.bpfguard.policy.compiled.Step;
import io.bpfguard.policy.compiled.Verdict;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Makes the chain of one hook point: one step per matcher. The kernel ends a chain at the first step that prevents; so where
 * one matcher's deny could come before another's kill, steps that only kill go first, and the strongest verdict wins across
 * matchers as it does within one.
 */
final class ChainBuilder {
    private static final UnaryOperator<Verdict> ALL = verdict -> verdict;
    private static final UnaryOperator<Verdict> KILLS = verdict -> verdict.action() == Action.KILL ? verdict
            : Verdict.NONE;

    private ChainBuilder() {}

    /** The chain of the rules of one hook point, of which at least one does more than allow. */
    static Chain chain(HookPoint hook, List<NumberedRule> rules) throws TooLargeException {
        Map<Matcher, List<NumberedRule>> byMatcher = new EnumMap<>(Matcher.class);
        for (NumberedRule rule : rules) {
            byMatcher.computeIfAbsent(rule.enforcement().matcher(), _ -> new ArrayList<>()).add(rule);
        }
        byMatcher.values().removeIf(ofMatcher -> ofMatcher.stream()
                .allMatch(rule -> rule.enforcement().action() == Action.ALLOW));
        List<Step> steps = new ArrayList<>();
        if (hook instanceof LsmHook && byMatcher.size() > 1 && has(rules, Action.KILL) && has(rules, Action.DENY)) {
            for (Map.Entry<Matcher, List<NumberedRule>> entry : byMatcher.entrySet()) {
                if (has(entry.getValue(), Action.KILL)) {
                    steps.add(new Step(ruleset(entry.getKey(), entry.getValue(), KILLS)));
                }
            }
        }
        for (Map.Entry<Matcher, List<NumberedRule>> entry : byMatcher.entrySet()) {
            steps.add(new Step(ruleset(entry.getKey(), entry.getValue(), ALL)));
        }
        return new Chain(steps);
    }

    private static boolean has(List<NumberedRule> rules, Action action) {
        return rules.stream().anyMatch(rule -> rule.enforcement().action() == action);
    }

    private static Ruleset ruleset(Matcher matcher, List<NumberedRule> rules,
            UnaryOperator<Verdict> filter) throws TooLargeException {
        return switch (matcher) {
            case PATH, FILE_SYSTEM_TYPE -> StringTables.ruleset(matcher, rules, filter);
            case CAPABILITY -> TableImage.capabilities(rules, filter);
            case SYSTEM_CALL -> TableImage.systemCalls(rules, filter);
            case ALWAYS -> TableImage.always(rules, filter);
        };
    }
}
