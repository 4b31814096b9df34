package io.bpfguard.policy.simulate;

import java.util.List;

/**
 * One way to do what is attempted.
 *
 * @param name for people: {@code by unshare}; empty where there is only one
 * @param passages what it comes by
 * @param isInOrder whether they come one behind the other, so that the first which prevents ends it; otherwise all are asked
 */
record Way(String name, List<Passage> passages, boolean isInOrder) {
    Way {
        passages = List.copyOf(passages);
    }

    static Way inOrder(String name, Passage... passages) {
        return new Way(name, List.of(passages), true);
    }

    /** In an order that is not known. */
    static Way together(List<Passage> passages) {
        return new Way("", passages, false);
    }
}
