package io.bpfguard.policy.read;

import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The entries of a mapping, taken one by one by those who know them; what nobody took is refused. */
final class Fields {
    private final YamlNode.Mapping mapping;
    private final String owner;
    private final ProblemList problems;
    private final List<String> known = new ArrayList<>();

    private Fields(YamlNode.Mapping mapping, String owner, ProblemList problems) {
        this.mapping = mapping;
        this.owner = owner;
        this.problems = problems;
    }

    /** The fields of a node that must be a mapping with at least one entry; {@code owner} names it in messages. */
    static Optional<Fields> of(YamlNode node, String owner, ProblemList problems) {
        if (!(node instanceof YamlNode.Mapping mapping)) {
            problems.add(node.at(), owner + " must be a mapping, not " + node.what());
            return Optional.empty();
        }
        return Optional.of(new Fields(mapping, owner, problems));
    }

    Position at() {
        return mapping.at();
    }

    boolean isEmpty() {
        return mapping.entries().isEmpty();
    }

    Optional<YamlNode> take(String key) {
        known.add(key);
        return mapping.entries().stream().filter(entry -> entry.key().value().equals(key)).map(YamlNode.Entry::value)
                .findFirst();
    }

    Optional<YamlNode> require(String key) {
        Optional<YamlNode> node = take(key);
        if (node.isEmpty()) {
            problems.add(mapping.at(), owner + " has no " + key);
        }
        return node;
    }

    /** Refuses the keys that were not asked for. */
    void refuseOthers() {
        for (YamlNode.Entry entry : mapping.entries()) {
            String key = entry.key().value();
            if (!known.contains(key)) {
                problems.add(entry.key().at(), "unknown key \"" + key + "\" in " + owner + Nearest.hint(key, known)
                        + " (known: " + String.join(", ", known) + ")");
            }
        }
    }
}
