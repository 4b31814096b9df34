package io.bpfguard.policy.read;

import io.bpfguard.policy.model.Located;
import java.util.Optional;

/** The first two fields of every document: of which version it is, and what. */
final class Heading {
    static final String API_VERSION = "bpfguard.io/v1";

    private Heading() {}

    /** Whether it says that it is of this version and kind; otherwise the rest would be misread, and the problems say so. */
    static boolean check(Fields fields, String wanted, ProblemList problems, Values values) {
        Optional<Located<String>> version = fields.require("apiVersion")
                .flatMap(node -> values.text(node, "apiVersion"));
        Optional<Located<String>> kind = fields.require("kind").flatMap(node -> values.text(node, "kind"));
        boolean isOurs = version.isPresent() && kind.isPresent();
        if (version.isPresent() && !version.get().value().equals(API_VERSION)) {
            problems.add(version.get().at(), "apiVersion " + version.get().value()
                    + " is not one that this BPFGuard reads; it reads " + API_VERSION);
            isOurs = false;
        }
        if (kind.isPresent() && !kind.get().value().equals(wanted)) {
            problems.add(kind.get().at(), "kind " + kind.get().value()
                    + " is not one that this BPFGuard reads here; it reads " + wanted);
            isOurs = false;
        }
        return isOurs;
    }
}
