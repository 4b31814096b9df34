package io.bpfguard.policy.compile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.ToIntFunction;

/**
 * Makes an automaton deterministic: a state is the set of nodes where the string read so far can be, as far as they matter
 * ({@link Pruning}). Loops and wide steps are the same for almost all bytes, so their targets are worked out once per state
 * and not once per byte.
 */
final class SubsetConstruction {
    /** A set of node numbers, ascending. */
    private record NodeSet(int[] nodes, int hash) {
        NodeSet(int[] nodes) {
            this(nodes, Arrays.hashCode(nodes));
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof NodeSet that && Arrays.equals(nodes, that.nodes);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    /** Total of the sizes of all sets: what memory and time go by when globs with many stars multiply. */
    private static final long MAX_WORK = 100_000_000;
    private static final IntList NOTHING = new IntList();

    private final Nfa nfa;
    private final Pruning pruning;
    private final int classCount;
    private final int slash;
    private final int nul;
    private final int maxStates;

    private final Map<NodeSet, Integer> states = new HashMap<>();
    private final List<int[]> sets = new ArrayList<>();
    private final IntList from = new IntList();
    private final IntList label = new IntList();
    private final IntList to = new IntList();

    private final IntList any = new IntList();
    private final IntList notSlash = new IntList();
    private final IntList[] narrow;
    private final int[] mark;
    private int round;
    private long work;

    private SubsetConstruction(Nfa nfa, int maxStates) {
        this.nfa = nfa;
        this.pruning = new Pruning(nfa);
        this.classCount = nfa.classes().count();
        this.slash = nfa.classes().of('/');
        this.nul = nfa.classes().of(0);
        this.maxStates = maxStates;
        this.narrow = new IntList[classCount];
        Arrays.setAll(narrow, _ -> new IntList());
        this.mark = new int[nfa.size()];
    }

    /**
     * The deterministic automaton.
     *
     * @param output what a string comes to, from the rules that accept it (those that matter)
     * @param maxStates bound on states
     */
    static Dfa of(Nfa nfa, ToIntFunction<TreeSet<Integer>> output, int maxStates) throws TooLargeException {
        SubsetConstruction construction = new SubsetConstruction(nfa, maxStates);
        construction.state(construction.pruning.prune(nfa.closure(nfa.root())));
        for (int state = 0; state < construction.sets.size(); state++) {
            construction.follow(state);
        }
        return construction.finish(output);
    }

    /** The number of a set's state, a new one where it is new. */
    private int state(int[] set) throws TooLargeException {
        NodeSet key = new NodeSet(set);
        Integer known = states.get(key);
        if (known != null) {
            return known;
        }
        if (sets.size() == maxStates) {
            throw new TooLargeException("more than " + maxStates + " states");
        }
        states.put(key, sets.size());
        sets.add(set);
        return sets.size() - 1;
    }

    private void follow(int state) throws TooLargeException {
        any.clear();
        notSlash.clear();
        for (IntList targets : narrow) {
            targets.clear();
        }
        for (int number : sets.get(state)) {
            Nfa.Node node = nfa.node(number);
            addAll(any, node.wideAny());
            addAll(notSlash, node.wideNotSlash());
            for (Nfa.NarrowEdge edge : node.narrow()) {
                for (int byteClass : edge.classes()) {
                    narrow[byteClass].add(edge.target());
                }
            }
        }
        boolean isWide = any.size() + notSlash.size() > 0;
        int wide = -1;
        for (int byteClass = 0; byteClass < classCount; byteClass++) {
            boolean isNarrow = narrow[byteClass].size() > 0;
            boolean isSlash = byteClass == slash && notSlash.size() > 0;
            if (!isNarrow && (!isWide || byteClass == nul)) {
                continue;
            }
            int next;
            if (byteClass == nul) {
                next = next(NOTHING, NOTHING, narrow[byteClass]);
            } else if (isNarrow || isSlash) {
                next = next(any, isSlash ? NOTHING : notSlash, narrow[byteClass]);
            } else {
                wide = wide < 0 ? next(any, notSlash, NOTHING) : wide;
                next = wide;
            }
            if (next >= 0) {
                transition(state, byteClass, next);
            }
        }
    }

    private void transition(int state, int byteClass, int next) throws TooLargeException {
        if (from.size() == Dfa.MAX_TRANSITIONS) {
            throw new TooLargeException("more than " + Dfa.MAX_TRANSITIONS + " transitions");
        }
        from.add(state);
        label.add(byteClass);
        to.add(next);
    }

    /** The state of everything that can be reached; -1 when there is nothing. */
    private int next(IntList first, IntList second, IntList third) throws TooLargeException {
        IntList reached = new IntList();
        round++;
        reach(first, reached);
        reach(second, reached);
        reach(third, reached);
        if (reached.size() == 0) {
            return -1;
        }
        work += reached.size();
        if (work > MAX_WORK) {
            throw new TooLargeException("more work than is reasonable");
        }
        int[] set = reached.toArray();
        Arrays.sort(set);
        return state(pruning.prune(set));
    }

    private void reach(IntList targets, IntList reached) {
        for (int i = 0; i < targets.size(); i++) {
            for (int node : nfa.closure(targets.get(i))) {
                if (mark[node] != round) {
                    mark[node] = round;
                    reached.add(node);
                }
            }
        }
    }

    private static void addAll(IntList list, int[] values) {
        for (int value : values) {
            list.add(value);
        }
    }

    private Dfa finish(ToIntFunction<TreeSet<Integer>> output) {
        int[] outputs = new int[sets.size()];
        for (int state = 0; state < outputs.length; state++) {
            TreeSet<Integer> rules = new TreeSet<>();
            for (int number : sets.get(state)) {
                rules.addAll(nfa.node(number).accepts());
            }
            outputs[state] = output.applyAsInt(rules);
        }
        return new Dfa(nfa.classes(), outputs.length, outputs, from.toArray(), label.toArray(), to.toArray());
    }
}
