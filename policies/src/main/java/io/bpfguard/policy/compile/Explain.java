package io.bpfguard.policy.compile;

import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Enforcement;
import io.bpfguard.policy.check.Lowering;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.Errno;
import io.bpfguard.policy.model.FamilyDefault;
import io.bpfguard.policy.model.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Says for each rule how a node delivers it, and what it does not cover. */
public final class Explain {
    /**
     * One rule.
     *
     * @param policy the policy's name
     * @param rule where the rule stands and what it is called
     * @param family its key in {@code spec}
     * @param mechanism the hook points and matchers, parted by commas
     * @param effect what happens
     * @param note what is not covered; empty when there is nothing to say
     */
    public record Row(String policy, String rule, String family, String mechanism, String effect, String note) {}

    private Explain() {}

    /** A row per rule and default, by policy. */
    public static List<Row> rows(CheckedPolicies policies, NodeCapabilities node) {
        List<Row> rows = new ArrayList<>();
        for (ContainerPolicy policy : policies.policies()) {
            for (Rule rule : policy.rules()) {
                rows.add(row(policy, rule.head().label(), rule.head().family().key(), Lowering.of(policy, rule, node)));
            }
            for (FamilyDefault rest : policy.defaults()) {
                rows.add(row(policy, rest.label(), rest.family().key(), Lowering.of(policy, rest, node)));
            }
        }
        return rows;
    }

    private static Row row(ContainerPolicy policy, String label, String family, Lowering lowering) {
        return new Row(policy.name().value(), label, family, join(lowering, Enforcement::mechanism, ", "),
                join(lowering, Explain::effect, "; "), join(lowering, Enforcement::note, " "));
    }

    private static String join(Lowering lowering, Function<Enforcement, String> part, String separator) {
        return lowering.enforcements().stream().map(part).filter(text -> !text.isEmpty()).distinct()
                .collect(Collectors.joining(separator));
    }

    private static String effect(Enforcement enforcement) {
        Action action = enforcement.action();
        return switch (action) {
            case ALLOW -> "allowed, whatever the default says";
            case AUDIT -> "goes on, and is reported";
            case DENY -> "prevented with " + Errno.name(enforcement.errno()) + ", and reported";
            case KILL -> enforcement.hook() instanceof LsmHook
                    ? "prevented, the process killed, and reported" : "the process killed, and reported";
        };
    }
}
