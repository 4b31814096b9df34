package io.bpfguard.policy.learn;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The containers that are learnt from, and that the learnt policy is for.
 *
 * @param namespace of their pod
 * @param podLabels that their pod has; may be empty
 * @param container their name in the pod; without it, all of the pod
 */
public record LearnSelector(String namespace, Map<String, String> podLabels, Optional<String> container) {
    public LearnSelector {
        podLabels = Map.copyOf(podLabels);
    }

    /** As a part of {@code spec}, indented for it. */
    String text() {
        StringBuilder text = new StringBuilder("  selector:\n    namespaces: [" + name(namespace) + "]\n");
        if (!podLabels.isEmpty()) {
            text.append("    podLabels:\n      matchLabels: {").append(new TreeMap<>(podLabels).entrySet().stream()
                    .map(label -> YamlText.quoted(label.getKey()) + ": " + YamlText.quoted(label.getValue())).collect(Collectors.joining(", "))).append("}\n");
        }
        container.ifPresent(name -> text.append("    containers: [").append(name(name)).append("]\n"));
        return text.toString();
    }

    private static String name(String name) {
        return YamlText.quoted(NamePattern.literal(name));
    }
}
