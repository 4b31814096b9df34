package io.bpfguard.cli;

import io.bpfguard.policy.model.ContainerKind;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.LabelRequirement;
import io.bpfguard.policy.model.PolicySelector;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/** Which containers a policy is for, in the words of its selector. */
final class SelectorText {
    private SelectorText() {}

    /** {@code namespaces prod, podLabels app In [web]}; {@code every container} for an empty one. */
    static String of(PolicySelector selector) {
        StringJoiner parts = new StringJoiner(", ");
        globs(parts, "namespaces", selector.namespaces());
        for (LabelRequirement label : selector.podLabels()) {
            parts.add("podLabels " + label.key() + " " + label.operator().word()
                    + (label.operator().hasValues() ? " " + label.values().stream().sorted().toList() : ""));
        }
        globs(parts, "containers", selector.containers());
        if (!selector.kinds().isEmpty()) {
            parts.add("kinds " + String.join(" ", selector.kinds().stream().sorted().map(ContainerKind::name).map(name -> name.toLowerCase(Locale.ROOT)).toList()));
        }
        globs(parts, "images", selector.images());
        return parts.length() == 0 ? "every container" : parts.toString();
    }

    private static void globs(StringJoiner parts, String what, List<Glob> globs) {
        if (!globs.isEmpty()) {
            parts.add(what + " " + String.join(" ", globs.stream().map(Glob::text).toList()));
        }
    }
}
