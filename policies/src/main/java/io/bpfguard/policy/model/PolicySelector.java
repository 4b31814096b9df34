package io.bpfguard.policy.model;

import java.util.List;

/**
 * Which containers a policy is for: those that match every part. A part without entries matches every container.
 *
 * @param namespaces globs; one of them matches the pod's namespace
 * @param podLabels all of them are met by the pod's labels
 * @param containers globs; one of them matches the container's name
 */
public record PolicySelector(List<Glob> namespaces, List<LabelRequirement> podLabels, List<Glob> containers) {
    /** Every container of the node. */
    public static final PolicySelector EVERYTHING = new PolicySelector(List.of(), List.of(), List.of());

    public PolicySelector {
        namespaces = List.copyOf(namespaces);
        podLabels = List.copyOf(podLabels);
        containers = List.copyOf(containers);
    }
}
