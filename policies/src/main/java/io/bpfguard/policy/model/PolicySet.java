package io.bpfguard.policy.model;

import java.util.List;

/**
 * The policies that were read together, in the order of files and of places in them.
 *
 * @param policies may be empty
 */
public record PolicySet(List<ContainerPolicy> policies) {
    /** No policy. */
    public static final PolicySet EMPTY = new PolicySet(List.of());

    public PolicySet {
        policies = List.copyOf(policies);
    }
}
