package io.bpfguard.policy.check;

import java.util.Objects;

/** What a node knows of a custom program. */
public sealed interface ProgramSupport {
    /**
     * It follows the rules for such programs; whether the kernel's verifier accepts it shows when it is loaded.
     *
     * @param file what the object says of itself
     */
    record Usable(ProgramFile file) implements ProgramSupport {
        public Usable {
            Objects.requireNonNull(file, "file is null");
        }
    }

    /**
     * It cannot be used.
     *
     * @param reason goes on from the name of the file: {@code is not in /etc/bpfguard/programs.d}
     */
    record Refused(String reason) implements ProgramSupport {
        public Refused {
            Objects.requireNonNull(reason, "reason is null");
        }
    }

    /** This is no real node, and only one can tell. Nothing is enforced by an answer like this. */
    record Unseen() implements ProgramSupport {}
}
