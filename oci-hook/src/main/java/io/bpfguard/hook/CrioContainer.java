package io.bpfguard.hook;

import io.bpfguard.policy.select.ContainerFacts;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A container of CRI-O. Its own annotations have the names; labels and annotations of the pod are in the configuration of the
 * sandbox, whose bundle lies beside the container's: {@code .../overlay-containers/ID/userdata}.
 *
 * <p>CRI-O writes labels that the kubelet sets ({@code io.kubernetes.pod.namespace} and its like) last, over whatever the pod's
 * author put into annotations of the same name, and so they come first here. In the sandbox's configuration the pod's
 * annotations go over {@code io.kubernetes.cri-o.*}: who may write a pod's annotations can change the labels that are read
 * here, as who may write its labels can, but not the namespace.
 */
final class CrioContainer {
    static final String TYPE = "io.kubernetes.cri-o.ContainerType";
    static final String METADATA = "io.kubernetes.cri-o.Metadata";
    private static final String SANDBOX_ID = "io.kubernetes.cri-o.SandboxID";
    private static final String LABELS = "io.kubernetes.cri-o.Labels";
    private static final String ANNOTATIONS = "io.kubernetes.cri-o.Annotations";
    private static final String SANDBOX_NAMESPACE = "io.kubernetes.cri-o.Namespace";
    private static final String SANDBOX_NAME = "io.kubernetes.cri-o.KubeName";
    private static final String POD_NAMESPACE = "io.kubernetes.pod.namespace";
    private static final String POD_NAME = "io.kubernetes.pod.name";
    private static final String POD_UID = "io.kubernetes.pod.uid";
    private static final String CONTAINER_NAME = "io.kubernetes.container.name";
    private static final String IMAGE_NAME = "io.kubernetes.cri-o.ImageName";
    private static final String IMAGE = "io.kubernetes.cri-o.Image";
    private static final String REMEDY = "it must be what CRI-O writes; create the pod anew, and see CRI-O's log";

    private CrioContainer() { }

    /** Reads a container's annotations, and its sandbox's where it is not that itself. */
    static HookedContainer read(RuntimeState state, Map<String, String> own, Optional<String> cgroupsPath) throws HookException {
        String type = own.getOrDefault(TYPE, "");
        boolean sandbox = type.equals("sandbox");
        if (!sandbox && !type.equals("container")) {
            throw new HookException("annotation " + TYPE + " of container " + state.id() + " is \"" + type + "\" and must be \"sandbox\" or \"container\"; " + REMEDY);
        }
        Map<String, String> pod = sandbox ? own : sandboxOf(state, own);
        String namespace = first(own.get(POD_NAMESPACE), pod.get(POD_NAMESPACE), pod.get(SANDBOX_NAMESPACE));
        if (namespace.isEmpty()) {
            throw new HookException("container " + state.id() + " and its sandbox have no annotation " + POD_NAMESPACE
                    + ", so policies cannot be selected by namespace; " + REMEDY);
        }
        String uid = first(own.get(POD_UID), pod.get(POD_UID));
        if (!uid.equals(first(pod.get(POD_UID), uid))) {
            throw new HookException("container " + state.id() + " is of the pod with uid \"" + uid + "\", and its sandbox " + own.get(SANDBOX_ID)
                    + " of another, \"" + pod.get(POD_UID) + "\"; " + REMEDY);
        }
        String image = first(own.get(IMAGE_NAME), own.get(IMAGE));
        ContainerFacts facts = new ContainerFacts(namespace, first(own.get(POD_NAME), pod.get(POD_NAME), pod.get(SANDBOX_NAME)), uid,
                object(pod, LABELS, state), object(pod, ANNOTATIONS, state), sandbox ? "" : containerName(own, state),
                image.isEmpty() ? Optional.empty() : Optional.of(image), state.id());
        return new HookedContainer(facts, sandbox, true, cgroupsPath);
    }

    private static Map<String, String> sandboxOf(RuntimeState state, Map<String, String> own) throws HookException {
        String id = own.getOrDefault(SANDBOX_ID, "");
        if (!isPlainName(id)) {
            throw new HookException("annotation " + SANDBOX_ID + " of container " + state.id() + " is \"" + id + "\" and must be a name of letters, digits, '-' and '_'; " + REMEDY);
        }
        Path container = state.bundle().getParent();
        if (container == null || container.getParent() == null) {
            throw new HookException("the bundle " + state.bundle() + " of container " + state.id() + " is not .../ID/userdata, so its sandbox cannot be found; " + REMEDY);
        }
        Path bundle = container.resolveSibling(id).resolve("userdata");
        try {
            return BundleConfig.read(bundle).annotations();
        } catch (HookException failure) {
            throw new HookException("the pod's labels cannot be read, and without them container " + state.id() + " might miss a policy: " + failure.getMessage(), failure);
        }
    }

    private static boolean isPlainName(String text) {
        for (int at = 0; at < text.length(); at++) {
            char character = text.charAt(at);
            boolean plain = character >= 'a' && character <= 'z' || character >= 'A' && character <= 'Z' || character >= '0' && character <= '9'
                    || character == '-' || character == '_';
            if (!plain) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** The JSON object in an annotation of the sandbox. */
    private static Map<String, String> object(Map<String, String> pod, String annotation, RuntimeState state) throws HookException {
        String text = pod.get(annotation);
        if (text == null) {
            throw new HookException("the sandbox of container " + state.id() + " has no annotation " + annotation + ", and without it the container might miss a policy; " + REMEDY);
        }
        try (JsonSource json = JsonSource.of(text, "annotation " + annotation + " of the sandbox of container " + state.id(), REMEDY)) {
            return json.allTexts();
        }
    }

    /** The kubelet's word, else CRI-O's: clients of CRI other than the kubelet set no labels. */
    private static String containerName(Map<String, String> own, RuntimeState state) throws HookException {
        String name = own.getOrDefault(CONTAINER_NAME, "");
        if (!name.isEmpty()) {
            return name;
        }
        String what = "annotation " + METADATA + " of container " + state.id();
        try (JsonSource json = JsonSource.of(own.getOrDefault(METADATA, "{}"), what, REMEDY)) {
            json.begin();
            for (String field = json.nextField(); field != null; field = json.nextField()) {
                if (field.equals("name")) {
                    name = json.text(field);
                } else {
                    json.skip();
                }
            }
            json.end();
            if (name.isEmpty()) {
                throw json.missing("name", "the container's name in its pod, where there is no annotation " + CONTAINER_NAME);
            }
            return name;
        }
    }

    /** The first that is neither missing nor empty, else an empty one. */
    private static String first(String... texts) {
        for (String text : texts) {
            if (text != null && !text.isEmpty()) {
                return text;
            }
        }
        return "";
    }
}
