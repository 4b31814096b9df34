package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.Problem;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** Policies that a node can enforce as they stand; only {@link Checker} makes one. */
public final class CheckedPolicies {
    private final List<ContainerPolicy> policies;
    private final Set<CustomProgram> programs;
    private final List<Problem> warnings;

    CheckedPolicies(List<ContainerPolicy> policies, Set<CustomProgram> programs, List<Problem> warnings) {
        this.policies = policies.stream().sorted(Comparator.comparing(policy -> policy.name().value())).toList();
        this.programs = Set.copyOf(programs);
        this.warnings = warnings.stream().sorted().toList();
    }

    /** The policies by name. */
    public List<ContainerPolicy> policies() {
        return policies;
    }

    /** The custom programs that their rules name, with the values that they give them. */
    public Set<CustomProgram> programs() {
        return programs;
    }

    /** What is not wrong but was hardly meant. */
    public List<Problem> warnings() {
        return warnings;
    }
}
