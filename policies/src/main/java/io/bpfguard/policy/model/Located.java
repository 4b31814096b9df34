package io.bpfguard.policy.model;

import java.util.Objects;

/**
 * A value and where it stands.
 *
 * @param value the value
 * @param at its place
 */
public record Located<T>(T value, Position at) {
    public Located {
        Objects.requireNonNull(value, "value is null");
        Objects.requireNonNull(at, "at is null");
    }
}
