package io.bpfguard.policy.compile;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.model.Mode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Which of several verdicts on one object counts: the strongest action; between equal ones the smaller errno; then the
 * smaller rule number, which only decides who is named in the event.
 */
final class Strength {
    private static final Comparator<Verdict> WEAKEST_FIRST = Comparator.comparing(Verdict::action)
            .thenComparing(Comparator.comparingInt(Verdict::errno).reversed())
            .thenComparing(Comparator.comparingInt(Verdict::rule).reversed());

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

    /** The verdict that counts; of none, {@link Verdict#NONE}. An allow is never reported, so it names no rule. */
    static Verdict strongest(Collection<Verdict> verdicts) {
        Verdict strongest = verdicts.stream().max(WEAKEST_FIRST).orElse(Verdict.NONE);
        return strongest.action() == Action.ALLOW ? Verdict.NONE : strongest;
    }
}
