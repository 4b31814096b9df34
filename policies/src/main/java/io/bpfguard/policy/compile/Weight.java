package io.bpfguard.policy.compile;


/**
 * How much some rules together can contribute to a verdict: per operation, the rank of the strongest and whether one of
 * them allows. A rule that weighs no more than what is decided already changes nothing, whether or not it matches: leaving
 * it out keeps the subset construction from telling apart states that do the same.
 *
 * @param ranks by operation; 0 = no rule that does anything
 * @param allows bits: operation × 2 for an allow, operation × 2 + 1 for one that acts
 */
record Weight(int[] ranks, int allows) {
    private static final int OPERATIONS = Layout.OPERATIONS;

    /** The weight of no rule. */
    static final Weight NONE = new Weight(new int[OPERATIONS], 0);

    /**
     * One rule.
     *
     * @param operations bits: what it is about
     * @param rank higher is stronger; 0 for a rule that allows
     * @param acts false if it is only tried out
     */
    static Weight of(int operations, int rank, boolean acts) {
        int[] ranks = new int[OPERATIONS];
        int allows = 0;
        for (int operation = 0; operation < OPERATIONS; operation++) {
            if ((operations & 1 << operation) != 0) {
                ranks[operation] = rank;
                if (rank == 0) {
                    allows |= (acts ? 3 : 1) << 2 * operation;
                }
            }
        }
        return new Weight(ranks, allows);
    }

    /** Both together. */
    Weight and(Weight other) {
        int[] higher = ranks.clone();
        for (int operation = 0; operation < OPERATIONS; operation++) {
            higher[operation] = Math.max(higher[operation], other.ranks[operation]);
        }
        return new Weight(higher, allows | other.allows);
    }

    /** Whether the other adds nothing to this. */
    boolean covers(Weight other) {
        if ((other.allows & ~allows) != 0) {
            return false;
        }
        for (int operation = 0; operation < OPERATIONS; operation++) {
            if (ranks[operation] < other.ranks[operation]) {
                return false;
            }
        }
        return true;
    }

    /** The highest rank. */
    int rank() {
        int highest = 0;
        for (int rank : ranks) {
            highest = Math.max(highest, rank);
        }
        return highest;
    }
}
