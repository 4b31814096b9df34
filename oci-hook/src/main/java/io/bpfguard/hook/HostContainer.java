package io.bpfguard.hook;

import io.bpfguard.policy.select.ContainerFacts;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A container on a host without Kubernetes. What policies select by is what its annotations say; without them it is a container
 * of no pod, in no namespace, named as its id.
 *
 * <p>Whoever starts the container writes them. Podman also takes annotations of the image, where the command line has none of
 * that name: an image can choose its policies unless all of them are given.
 */
final class HostContainer {
    static final String NAMESPACE = "bpfguard.io/namespace";
    static final String POD = "bpfguard.io/pod";
    static final String CONTAINER = "bpfguard.io/container";
    static final String IMAGE = "bpfguard.io/image";
    private static final String PREFIX = "bpfguard.io/";

    private HostContainer() { }

    /** Reads a container's annotations. The first container of a Podman pod is one like any other: a user chooses what runs in it. */
    static HookedContainer read(RuntimeState state, Map<String, String> own, Optional<String> cgroupsPath) throws HookException {
        String name = own.getOrDefault(CONTAINER, "");
        ContainerFacts facts = new ContainerFacts(own.getOrDefault(NAMESPACE, ""), own.getOrDefault(POD, ""), "",
                PodLabels.parse(own.getOrDefault(PodLabels.ANNOTATION, "")), ownAnnotations(own), name.isEmpty() ? state.id() : name,
                Optional.ofNullable(own.get(IMAGE)).filter(image -> !image.isEmpty()), state.id());
        return new HookedContainer(facts, false, true, cgroupsPath);
    }

    /** Whether some annotation says what only hosts without Kubernetes have to say. */
    static boolean isDescribed(Map<String, String> annotations) {
        return annotations.containsKey(NAMESPACE) || annotations.containsKey(POD) || annotations.containsKey(CONTAINER) || annotations.containsKey(IMAGE);
    }

    /** The annotations that are BPFGuard's; the others are the runtime's words on the container, not the pod's. */
    static Map<String, String> ownAnnotations(Map<String, String> annotations) {
        Map<String, String> own = new HashMap<>();
        annotations.forEach((key, value) -> {
            if (key.startsWith(PREFIX)) {
                own.put(key, value);
            }
        });
        return own;
    }
}
