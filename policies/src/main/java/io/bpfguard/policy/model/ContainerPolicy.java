package io.bpfguard.policy.model;

import java.util.List;
import java.util.Objects;

/**
 * A policy.
 *
 * @param name unique on the node
 * @param mode whether its rules act
 * @param selector the containers it is for
 * @param defaults what happens to objects without a rule, at most one per family
 * @param rules by family and place
 */
public record ContainerPolicy(Located<String> name, Mode mode, PolicySelector selector, List<FamilyDefault> defaults,
        List<Rule> rules) {
    public ContainerPolicy {
        Objects.requireNonNull(name, "name is null");
        Objects.requireNonNull(mode, "mode is null");
        Objects.requireNonNull(selector, "selector is null");
        defaults = List.copyOf(defaults);
        rules = List.copyOf(rules);
    }
}
