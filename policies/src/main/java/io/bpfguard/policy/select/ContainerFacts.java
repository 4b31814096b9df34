package io.bpfguard.policy.select;

import io.bpfguard.policy.model.ContainerKind;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobSyntaxException;
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
    private static final String INIT = "bpfguard.io/init-containers";
    private static final String EPHEMERAL = "bpfguard.io/ephemeral-containers";

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

    /**
     * What the container is in its pod. Runtimes are not told that by Kubernetes, so it is what the pod's annotations
     * {@value #INIT} and {@value #EPHEMERAL} (names or globs, parted by commas) say; a container that neither names is one of
     * the pod's ordinary ones.
     */
    public ContainerKind kind() {
        if (isNamedBy(INIT)) {
            return ContainerKind.INIT;
        }
        return isNamedBy(EPHEMERAL) ? ContainerKind.EPHEMERAL : ContainerKind.WORKLOAD;
    }

    /** A glob that is none names nothing: the pod's author wrote it, and must not be able to break the node's policies. */
    private boolean isNamedBy(String annotation) {
        for (String text : podAnnotations.getOrDefault(annotation, "").split(",")) {
            try {
                if (!text.isBlank() && Glob.parse(text.strip(), Glob.Kind.NAME).matches(containerName)) {
                    return true;
                }
            } catch (GlobSyntaxException e) {
                // Goes on with the next.
            }
        }
        return false;
    }
}
