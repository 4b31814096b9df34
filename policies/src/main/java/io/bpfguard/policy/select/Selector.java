package io.bpfguard.policy.select;

import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.PolicySelector;
import java.util.List;

/** Finds the policies that are for a container. */
public final class Selector {
    private Selector() {}

    /** The policies for a container, by name. */
    public static List<ContainerPolicy> select(CheckedPolicies policies, ContainerFacts container) {
        return policies.policies().stream().filter(policy -> matches(policy.selector(), container)).toList();
    }

    /** Whether every part of a selector matches. */
    public static boolean matches(PolicySelector selector, ContainerFacts container) {
        return matches(selector.namespaces(), container.namespace())
                && selector.podLabels().stream().allMatch(requirement -> requirement.isMetBy(container.podLabels()))
                && matches(selector.containers(), container.containerName())
                && (selector.kinds().isEmpty() || selector.kinds().contains(container.kind()))
                && container.image().map(image -> matches(selector.images(), image)).orElse(true);
    }

    private static boolean matches(List<Glob> globs, String name) {
        return globs.isEmpty() || globs.stream().anyMatch(glob -> glob.matches(name));
    }
}
