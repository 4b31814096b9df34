package io.bpfguard.policy.compiled;

import java.util.Objects;

/**
 * One step of a chain: a matcher's program reading a ruleset.
 *
 * @param ruleset the tables, which name their matcher
 */
public record Step(Ruleset ruleset) {
    public Step {
        Objects.requireNonNull(ruleset, "ruleset is null");
    }

    /** The matcher that runs. */
    public Matcher matcher() {
        return ruleset.matcher();
    }
}
