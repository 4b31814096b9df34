package io.bpfguard.policy.select;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What is known of a container when it is made. Labels are read once: changing them later changes nothing.
 *
 * @param namespace of the pod; empty for a container without one
 * @param podName of the pod; empty for a container without one
 * @param podUid of the pod; empty for a container without one
 * @param podLabels of the pod
 * @param podAnnotations of the pod
 * @param containerName its name in the pod
 * @param image what it was made from, where the runtime says so
 * @param containerId the runtime's id
 */
public record ContainerFacts(String namespace, String podName, String podUid, Map<String, String> podLabels,
        Map<String, String> podAnnotations, String containerName, Optional<String> image, String containerId) {
    public ContainerFacts {
        Objects.requireNonNull(namespace, "namespace is null");
        Objects.requireNonNull(podName, "podName is null");
        Objects.requireNonNull(podUid, "podUid is null");
        podLabels = Map.copyOf(podLabels);
        podAnnotations = Map.copyOf(podAnnotations);
        Objects.requireNonNull(containerName, "containerName is null");
        Objects.requireNonNull(image, "image is null");
        Objects.requireNonNull(containerId, "containerId is null");
    }
}
