package io.bpfguard.policy.compile;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.model.Mode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which of several verdicts on one object counts: the strongest action; between equal ones the smaller errno.
 * Which of several rules with the same effect an event names is not promised.
 */
final class Strength {
    static final Comparator<Verdict> WEAKEST_FIRST =
            Verdict.WEAKEST_FIRST.thenComparing(Comparator.comparingInt(Verdict::rule).reversed());

    private Strength() {}

    /**
     * The verdict on an object. A default speaks unless an allow takes the object out of it; an allow that is only tried
     * out (mode audit) takes nothing out of a default that acts.
     *
     * @param matching the rules that name the object
     * @param rests the defaults that could speak
     */
    static Verdict verdict(Collection<NumberedRule> matching, Collection<NumberedRule> rests) {
        boolean allowed = matching.stream().anyMatch(rule -> allows(rule) && rule.enforcement().mode() == Mode.ENFORCE);
        boolean allowedInTrial = matching.stream().anyMatch(Strength::allows);
        List<Verdict> verdicts = new ArrayList<>(matching.stream().map(NumberedRule::verdict).toList());
        for (NumberedRule rest : rests) {
            if (rest.enforcement().mode() == Mode.ENFORCE ? !allowed : !allowedInTrial) {
                verdicts.add(rest.verdict());
            }
        }
        return strongest(verdicts);
    }

    private static boolean allows(NumberedRule rule) {
        return rule.enforcement().action() == Action.ALLOW;
    }

    /** A number per rule, higher for stronger ones, equal for those of the same effect; 0 for those that allow. */
    static Map<NumberedRule, Integer> ranks(Collection<NumberedRule> rules) {
        Map<NumberedRule, Integer> ranks = new IdentityHashMap<>();
        Verdict last = null;
        int rank = 0;
        for (NumberedRule rule : rules.stream().sorted(Comparator.comparing(NumberedRule::verdict, Verdict.WEAKEST_FIRST))
                .toList()) {
            rank += last == null || Verdict.WEAKEST_FIRST.compare(last, rule.verdict()) != 0 ? 1 : 0;
            last = rule.verdict();
            ranks.put(rule, allows(rule) ? 0 : rank);
        }
        return ranks;
    }

    /** The verdict that counts; of none, {@link Verdict#NONE}. An allow is never reported, so it names no rule. */
    static Verdict strongest(Collection<Verdict> verdicts) {
        Verdict strongest = verdicts.stream().max(WEAKEST_FIRST).orElse(Verdict.NONE);
        return strongest.action() == Action.ALLOW ? Verdict.NONE : strongest;
    }
}
