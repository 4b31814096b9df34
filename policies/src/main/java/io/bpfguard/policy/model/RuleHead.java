package io.bpfguard.policy.model;

import io.bpfguard.policy.compiled.Action;
import java.util.Objects;
import java.util.Optional;

/**
 * What all rules have.
 *
 * @param family what the rule speaks of
 * @param index its place in the family's list, from 0
 * @param name what its author calls it
 * @param action what it does, before the mode
 * @param errno the error of a denial
 * @param mode its own mode
 * @param fallback what happens instead where a node cannot deny; only with a deny
 * @param at where it begins
 */
public record RuleHead(Family family, int index, Optional<Located<String>> name, Located<Action> action, int errno,
        Mode mode, Optional<Located<Action>> fallback, Position at) {
    public RuleHead {
        Objects.requireNonNull(family, "family is null");
        Objects.requireNonNull(name, "name is null");
        Objects.requireNonNull(action, "action is null");
        Objects.requireNonNull(mode, "mode is null");
        Objects.requireNonNull(fallback, "fallback is null");
        Objects.requireNonNull(at, "at is null");
    }

    /** For people: {@code files[0] (no-shadow)}. */
    public String label() {
        String place = family.key() + "[" + index + "]";
        return name.map(text -> place + " (" + text.value() + ")").orElse(place);
    }
}
