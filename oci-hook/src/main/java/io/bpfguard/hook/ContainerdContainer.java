package io.bpfguard.hook;

import io.bpfguard.policy.select.ContainerFacts;
import java.util.Map;
import java.util.Optional;

/**
 * A container of containerd's CRI plugin. Its annotations have the names and no labels; those of the pod that containerd is told
 * to pass on ({@code pod_annotations = ["bpfguard.io/*"]}) stand among them, and containerd's own go over them.
 */
final class ContainerdContainer {
    static final String TYPE = "io.kubernetes.cri.container-type";
    private static final String NAMESPACE = "io.kubernetes.cri.sandbox-namespace";
    private static final String POD = "io.kubernetes.cri.sandbox-name";
    private static final String UID = "io.kubernetes.cri.sandbox-uid";
    private static final String CONTAINER = "io.kubernetes.cri.container-name";
    private static final String IMAGE = "io.kubernetes.cri.image-name";
    private static final String SANDBOX_IMAGE = "io.kubernetes.cri.podsandbox.image-name";

    private ContainerdContainer() { }

    /** Reads a container's annotations. */
    static HookedContainer read(RuntimeState state, Map<String, String> own, Optional<String> cgroupsPath) throws HookException {
        String type = own.getOrDefault(TYPE, "");
        boolean sandbox = type.equals("sandbox");
        if (!sandbox && !type.equals("container")) {
            throw new HookException("annotation " + TYPE + " of container " + state.id() + " is \"" + type
                    + "\" and must be \"sandbox\" or \"container\", as containerd writes it; see containerd's log");
        }
        String labels = own.get(PodLabels.ANNOTATION);
        ContainerFacts facts = new ContainerFacts(required(NAMESPACE, own, state), own.getOrDefault(POD, ""), own.getOrDefault(UID, ""),
                labels == null ? Map.of() : PodLabels.parse(labels), HostContainer.ownAnnotations(own), sandbox ? "" : required(CONTAINER, own, state),
                Optional.ofNullable(own.get(sandbox ? SANDBOX_IMAGE : IMAGE)).filter(image -> !image.isEmpty()), state.id());
        return new HookedContainer(facts, sandbox, labels != null, cgroupsPath);
    }

    /** Policies select by it: what is missing might be one that is lost. */
    private static String required(String annotation, Map<String, String> own, RuntimeState state) throws HookException {
        String text = own.getOrDefault(annotation, "");
        if (text.isEmpty()) {
            throw new HookException("container " + state.id() + " has no annotation " + annotation
                    + ", and without it might miss a policy; a containerd that writes it is needed");
        }
        return text;
    }
}
