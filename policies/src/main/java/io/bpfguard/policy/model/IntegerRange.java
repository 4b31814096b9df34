package io.bpfguard.policy.model;

import java.util.List;

/**
 * Some integers in a row.
 *
 * @param first the least
 * @param last the greatest
 */
public record IntegerRange(int first, int last) {
    public IntegerRange {
        if (first < 0 || last < first) {
            throw new IllegalArgumentException("no range from " + first + " to " + last);
        }
    }

    /** What the bytes of one of them look like in a field of some width. */
    public List<List<GlobToken>> sequences(int width) {
        return IntegerPatterns.range(first, last, width);
    }
}
