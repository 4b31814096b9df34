package io.bpfguard.policy.compile;

/**
 * A deterministic automaton over byte classes. What is not in the transitions leads to where nothing matches any more.
 *
 * @param classes of bytes
 * @param states how many; state 0 is the first
 * @param output per state: what a string that ends there comes to
 * @param from per transition: the state it leaves
 * @param label per transition: the byte class
 * @param to per transition: the state it reaches
 */
record Dfa(ByteClasses classes, int states, int[] output, int[] from, int[] label, int[] to) {
    /** Bound on states while an automaton is made. */
    static final int MAX_STATES = 1_000_000;
    /** Bound on transitions while an automaton is made; keeps memory and time in check. */
    static final int MAX_TRANSITIONS = 8_000_000;
}
