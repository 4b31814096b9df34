package io.bpfguard.policy.compiled;

import java.util.Objects;
import java.util.Optional;

/**
 * One step of a chain: a program reading a ruleset.
 *
 * @param ruleset the tables, which name their matcher
 * @param program what runs where the matcher is {@link Matcher#PROGRAM}; empty for the stock matchers
 */
public record Step(Ruleset ruleset, Optional<CustomProgram> program) {
    public Step {
        Objects.requireNonNull(ruleset, "ruleset is null");
        Objects.requireNonNull(program, "program is null");
        if (program.isPresent() != (ruleset.matcher() == Matcher.PROGRAM)) {
            throw new IllegalArgumentException("a step of " + ruleset.matcher() + (program.isPresent() ? " with" : " without") + " a custom program");
        }
    }

    /** A step of a stock matcher. */
    public Step(Ruleset ruleset) {
        this(ruleset, Optional.empty());
    }

    /** The matcher that runs. */
    public Matcher matcher() {
        return ruleset.matcher();
    }
}
