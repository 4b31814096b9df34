package io.bpfguard.policy.compile;

import java.util.Arrays;

/**
 * The smallest automaton that does the same, in O(transitions × log states) and without a state for "no match": the
 * algorithm of Valmari and Lehtinen for partial automata. All states must be reachable and able to reach a match, which
 * the subset construction of a trie of globs gives. States of the result are numbered as a walk in breadth meets them, so
 * equal sets of globs make equal automata.
 */
final class Minimizer {
    private Minimizer() {}

    static Dfa minimize(Dfa dfa) {
        int transitions = dfa.from().length;
        int outputs = Arrays.stream(dfa.output()).max().orElse(0) + 1;
        Partition blocks = new Partition(dfa.output(), outputs);
        Partition cords = new Partition(dfa.label(), dfa.classes().count());
        int[] offsets = new int[dfa.states() + 1];
        int[] incoming = byState(dfa.to(), dfa.states(), offsets);
        int block = 1;
        for (int cord = 0; cord < cords.count(); cord++) {
            for (int i = cords.first(cord); i < cords.end(cord); i++) {
                blocks.mark(dfa.from()[cords.at(i)]);
            }
            blocks.split();
            for (; block < blocks.count(); block++) {
                for (int i = blocks.first(block); i < blocks.end(block); i++) {
                    int state = blocks.at(i);
                    for (int j = offsets[state]; j < offsets[state + 1]; j++) {
                        cords.mark(incoming[j]);
                    }
                }
                cords.split();
            }
        }
        return transitions == 0 ? dfa : quotient(dfa, blocks);
    }

    /** Transitions sorted by a state of theirs; those of state s are from offsets[s] to offsets[s + 1]. */
    private static int[] byState(int[] stateOf, int states, int[] offsets) {
        for (int state : stateOf) {
            offsets[state + 1]++;
        }
        for (int state = 0; state < states; state++) {
            offsets[state + 1] += offsets[state];
        }
        int[] next = Arrays.copyOf(offsets, states);
        int[] sorted = new int[stateOf.length];
        for (int i = 0; i < stateOf.length; i++) {
            sorted[next[stateOf[i]]++] = i;
        }
        return sorted;
    }

    private static Dfa quotient(Dfa dfa, Partition blocks) {
        int[] offsets = new int[dfa.states() + 1];
        int[] outgoing = byState(dfa.from(), dfa.states(), offsets);
        int[] number = new int[blocks.count()];
        Arrays.fill(number, -1);
        int[] representative = new int[blocks.count()];
        int[] output = new int[blocks.count()];
        IntList from = new IntList();
        IntList label = new IntList();
        IntList to = new IntList();
        int count = 1;
        number[blocks.setOf(0)] = 0;
        for (int state = 0; state < count; state++) {
            int old = representative[state];
            output[state] = dfa.output()[old];
            for (int i = offsets[old]; i < offsets[old + 1]; i++) {
                int target = dfa.to()[outgoing[i]];
                int targetBlock = blocks.setOf(target);
                if (number[targetBlock] < 0) {
                    representative[count] = target;
                    number[targetBlock] = count++;
                }
                from.add(state);
                label.add(dfa.label()[outgoing[i]]);
                to.add(number[targetBlock]);
            }
        }
        return new Dfa(dfa.classes(), count, Arrays.copyOf(output, count), from.toArray(), label.toArray(),
                to.toArray());
    }
}
