package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Extractor;
import java.util.Objects;
import java.util.Optional;

/**
 * What the left side of a condition is on a node.
 *
 * @param type as C writes it, for messages
 * @param integer how to get it as a number; empty where it is none
 * @param text how to get it as a string or path
 * @param isPath whether the text is a path
 * @param noText why there is no text; empty where there is one
 */
record Argument(String type, Optional<Extractor> integer, Optional<Extractor> text, boolean isPath, String noText) {
    Argument {
        Objects.requireNonNull(type, "type is null");
    }

    static Argument integer(String type, Extractor extractor, String noText) {
        return new Argument(type, Optional.of(extractor), Optional.empty(), false, noText);
    }
}
