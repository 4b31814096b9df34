package io.bpfguard.policy.model;

import java.util.List;
import java.util.Set;

/**
 * Which containers a policy is for: those that match every part. A part without entries matches every container.
 *
 * @param namespaces globs; one of them matches the pod's namespace
 * @param podLabels all of them are met by the pod's labels
 * @param containers globs; one of them matches the container's name
 * @param kinds one of them is the container's
 * @param images globs; one of them matches the name of the container's image, as the runtime says it; where the runtime does
 *     not say it, they match, so that a policy is never lost
 */
public record PolicySelector(List<Glob> namespaces, List<LabelRequirement> podLabels, List<Glob> containers,
        Set<ContainerKind> kinds, List<Glob> images) {
    /** Every container of the node. */
    public static final PolicySelector EVERYTHING = new PolicySelector(List.of(), List.of(), List.of(), Set.of(), List.of());

    public PolicySelector {
        namespaces = List.copyOf(namespaces);
        podLabels = List.copyOf(podLabels);
        containers = List.copyOf(containers);
        kinds = Set.copyOf(kinds);
        images = List.copyOf(images);
    }
}
