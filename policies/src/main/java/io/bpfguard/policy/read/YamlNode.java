package io.bpfguard.policy.read;

import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Position;
import java.util.List;

/** A piece of a YAML document and where it begins. */
sealed interface YamlNode {
    Position at();

    /** What it is, for messages. */
    String what();

    /** An entry of a mapping. */
    record Entry(Located<String> key, YamlNode value) {}

    record Mapping(List<Entry> entries, Position at) implements YamlNode {
        @Override
        public String what() {
            return "a mapping";
        }
    }

    record Sequence(List<YamlNode> items, Position at) implements YamlNode {
        @Override
        public String what() {
            return "a list";
        }
    }

    /** @param quoted whether quotes or a block sign say that it is text, whatever it looks like */
    record Scalar(String text, boolean quoted, Position at) implements YamlNode {
        @Override
        public String what() {
            if (!quoted && text.isEmpty()) {
                return "nothing";
            }
            return quoted ? "the text \"" + text + "\"" : PlainScalar.kind(text).words() + " (" + text + ")";
        }
    }
}
