package io.bpfguard.policy.check;

import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.Problem;
import java.util.Comparator;
import java.util.List;

/** Policies that a node can enforce as they stand; only {@link Checker} makes one. */
public final class CheckedPolicies {
    private final List<ContainerPolicy> policies;
    private final List<Problem> warnings;

    CheckedPolicies(List<ContainerPolicy> policies, List<Problem> warnings) {
        this.policies = policies.stream().sorted(Comparator.comparing(policy -> policy.name().value())).toList();
        this.warnings = warnings.stream().sorted().toList();
    }

    /** The policies by name. */
    public List<ContainerPolicy> policies() {
        return policies;
    }

    /** What is not wrong but was hardly meant. */
    public List<Problem> warnings() {
        return warnings;
    }
}
