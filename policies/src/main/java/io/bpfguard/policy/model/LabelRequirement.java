package io.bpfguard.policy.model;

import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * One of a pod selector's {@code matchExpressions}, with the meaning Kubernetes gives it.
 *
 * @param key the label
 * @param operator how it is compared
 * @param values with what; empty for {@link Operator#EXISTS} and {@link Operator#DOES_NOT_EXIST}
 */
public record LabelRequirement(String key, Operator operator, Set<String> values) {
    /** How a label is compared. */
    public enum Operator {
        /** The label is there and has one of the values. */
        IN("In"),
        /** The label is absent, or has none of the values. */
        NOT_IN("NotIn"),
        /** The label is there. */
        EXISTS("Exists"),
        /** The label is absent. */
        DOES_NOT_EXIST("DoesNotExist");

        private final String word;

        Operator(String word) {
            this.word = word;
        }

        /** As it is written. */
        public String word() {
            return word;
        }

        /** Whether it compares with values. */
        public boolean hasValues() {
            return this == IN || this == NOT_IN;
        }
    }

    public LabelRequirement {
        Objects.requireNonNull(key, "key is null");
        Objects.requireNonNull(operator, "operator is null");
        values = Set.copyOf(values);
    }

    /** Whether a pod's labels meet it. */
    public boolean isMetBy(Map<String, String> labels) {
        String value = labels.get(key);
        return switch (operator) {
            case IN -> value != null && values.contains(value);
            case NOT_IN -> value == null || !values.contains(value);
            case EXISTS -> value != null;
            case DOES_NOT_EXIST -> value == null;
        };
    }
}
