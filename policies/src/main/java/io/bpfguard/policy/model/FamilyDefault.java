package io.bpfguard.policy.model;

import io.bpfguard.policy.compiled.Action;
import java.util.Objects;

/**
 * What happens to the objects of a family that no rule names.
 *
 * @param family a family that {@linkplain Family#hasDefault() can have one}
 * @param action what happens, before the mode
 * @param at where it stands
 */
public record FamilyDefault(Family family, Action action, Position at) {
    public FamilyDefault {
        Objects.requireNonNull(action, "action is null");
        Objects.requireNonNull(at, "at is null");
        if (!family.hasDefault()) {
            throw new IllegalArgumentException(family + " has no default");
        }
    }

    /** For people: {@code defaults.files}. */
    public String label() {
        return "defaults." + family.key();
    }
}
