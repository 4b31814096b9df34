package io.bpfguard.policy.model;

/**
 * Ports from one to another.
 *
 * @param first the lowest
 * @param last the highest, included
 */
public record PortRange(int first, int last) {
    /** The highest port. */
    public static final int MAX = 65535;

    public PortRange {
        if (first < 0 || last < first || last > MAX) {
            throw new IllegalArgumentException("no ports from " + first + " to " + last);
        }
    }
}
