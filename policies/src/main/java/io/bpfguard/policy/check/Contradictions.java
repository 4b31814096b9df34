package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.Mode;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.model.Rule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds what a policy allows and prevents at once: the author probably takes an allow for an exemption, which it is not. */
final class Contradictions {
    private Contradictions() {}

    /** An allow all of whose parts one rule of the same policy prevents. */
    static List<Problem> of(ContainerPolicy policy, NodeCapabilities node) {
        List<Problem> problems = new ArrayList<>();
        for (Rule allow : policy.rules()) {
            if (allow.head().action().value() != Action.ALLOW) {
                continue;
            }
            List<Enforcement> allowed = Lowering.of(policy, allow, node).enforcements();
            for (Rule other : policy.rules()) {
                boolean prevents = other.head().action().value().compareTo(Action.DENY) >= 0 && other.head().mode() == Mode.ENFORCE;
                if (prevents && other.head().family() == allow.head().family() && !allowed.isEmpty()) {
                    List<Enforcement> prevented = Lowering.of(policy, other, node).enforcements();
                    if (allowed.stream().allMatch(one -> prevented.stream().anyMatch(two -> covers(two, one)))) {
                        problems.add(Problem.at(allow.head().at(), allow.head().label() + " allows what " + other.head().label() + " in line "
                                + other.head().at().line() + " prevents: an allow takes things out of defaults and never exempts from a rule"));
                    }
                }
            }
        }
        return problems;
    }

    private static boolean covers(Enforcement prevented, Enforcement allowed) {
        return prevented.hook().equals(allowed.hook()) && prevented.matcher() == allowed.matcher()
                && covers(prevented.subject(), allowed.subject());
    }

    private static boolean covers(Subject prevented, Subject allowed) {
        if (prevented instanceof Subject.Keys(var all, var operations) && allowed instanceof Subject.Keys(var some, var done)) {
            return operations.containsAll(done) && all.keySet().stream().allMatch(field -> covers(field, all, some));
        }
        if (prevented instanceof Subject.Capabilities(var all) && allowed instanceof Subject.Capabilities(var some)) {
            return all.containsAll(some);
        }
        return prevented.equals(allowed);
    }

    private static boolean covers(KeyField field, Map<KeyField, List<List<GlobToken>>> all, Map<KeyField, List<List<GlobToken>>> some) {
        Set<List<GlobToken>> sequences = new HashSet<>(all.get(field));
        return some.containsKey(field) && sequences.containsAll(some.get(field));
    }
}
