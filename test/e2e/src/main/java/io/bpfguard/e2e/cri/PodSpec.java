package io.bpfguard.e2e.cri;

import java.util.Map;

/**
 * A pod as a test asks for it; it always uses the host's network, so that no CNI is needed.
 *
 * @param runtimeHandler a runtime handler of the runtime's configuration, or "" for the default one
 */
public record PodSpec(String namespace, String name, Map<String, String> labels, Map<String, String> annotations, String runtimeHandler) {
    public PodSpec {
        labels = Map.copyOf(labels);
        annotations = Map.copyOf(annotations);
    }

    public static PodSpec of(String namespace, String name, Map<String, String> labels) {
        return new PodSpec(namespace, name, labels, Map.of(), "");
    }

    public PodSpec onHandler(String handler) {
        return new PodSpec(namespace, name, labels, annotations, handler);
    }

    public PodSpec annotated(Map<String, String> more) {
        return new PodSpec(namespace, name, labels, more, runtimeHandler);
    }
}
