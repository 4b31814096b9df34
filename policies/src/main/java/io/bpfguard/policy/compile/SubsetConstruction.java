package io.bpfguard.policy.compile;

import io.bpfguard.policy.model.ByteSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.ToIntFunction;

/**
 * Makes an automaton deterministic: a state is the set of trie nodes where the string read so far can be. Loops and wide
 * steps are the same for almost all bytes, so their targets are worked out once per state and not once per byte.
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

    /** A step that only some classes can make. */
    private record NarrowEdge(int[] classes, int target) {}

    /** Total of the sizes of all sets: what memory and time go by when globs with many stars multiply. */
    private static final long MAX_WORK = 100_000_000;

    private final ByteClasses classes;
    private final List<GlobTrie.Node> nodes;
    private final int[][] closures;
    private final NarrowEdge[][] narrow;
    private final int[][] wideAny;
    private final int[][] wideNotSlash;
    private final int slash;
    private final int maxStates;

    private final Map<NodeSet, Integer> states = new HashMap<>();
    private final List<int[]> sets = new ArrayList<>();
    private final IntList from = new IntList();
    private final IntList label = new IntList();
    private final IntList to = new IntList();
    private final int[] mark;
    private int round;
    private long work;

    private SubsetConstruction(GlobTrie trie, int maxStates) {
        this.classes = new ByteClasses(trie.byteSets());
        this.nodes = trie.nodes();
        this.maxStates = maxStates;
        this.slash = classes.of('/');
        int count = nodes.size();
        this.closures = new int[count][];
        this.narrow = new NarrowEdge[count][];
        this.wideAny = new int[count][];
        this.wideNotSlash = new int[count][];
        this.mark = new int[count];
        for (GlobTrie.Node node : nodes) {
            prepare(node);
        }
    }

    /**
     * The automaton of a trie.
     *
     * @param output what a string comes to, from the rules that accept it
     * @param maxStates bound on states
     */
    static Dfa of(GlobTrie trie, ToIntFunction<TreeSet<Integer>> output, int maxStates) throws TooLargeException {
        SubsetConstruction construction = new SubsetConstruction(trie, maxStates);
        construction.state(construction.closures[trie.root().number]);
        for (int state = 0; state < construction.sets.size(); state++) {
            construction.follow(state);
        }
        return construction.finish(output);
    }

    private void prepare(GlobTrie.Node node) {
        IntList any = new IntList();
        IntList notSlash = new IntList();
        List<NarrowEdge> narrowEdges = new ArrayList<>();
        if (node.loop.equals(ByteSet.ANY)) {
            any.add(node.number);
        } else if (!node.loop.isEmpty()) {
            notSlash.add(node.number);
        }
        for (GlobTrie.Edge edge : node.edges) {
            if (edge.bytes().equals(ByteSet.ANY)) {
                any.add(edge.target().number);
            } else if (edge.bytes().equals(ByteSet.NOT_SLASH)) {
                notSlash.add(edge.target().number);
            } else {
                narrowEdges.add(new NarrowEdge(classes.in(edge.bytes()), edge.target().number));
            }
        }
        wideAny[node.number] = any.toArray();
        wideNotSlash[node.number] = notSlash.toArray();
        narrow[node.number] = narrowEdges.toArray(NarrowEdge[]::new);
        TreeSet<Integer> closure = new TreeSet<>();
        close(node, closure);
        closures[node.number] = closure.stream().mapToInt(Integer::intValue).toArray();
    }

    private static void close(GlobTrie.Node node, TreeSet<Integer> closure) {
        if (closure.add(node.number)) {
            node.free.forEach(other -> close(other, closure));
        }
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
        work += set.length;
        states.put(key, sets.size());
        sets.add(set);
        return sets.size() - 1;
    }

    private void follow(int state) throws TooLargeException {
        int[] set = sets.get(state);
        IntList any = new IntList();
        IntList notSlash = new IntList();
        Map<Integer, IntList> targets = new HashMap<>();
        for (int node : set) {
            addAll(any, wideAny[node]);
            addAll(notSlash, wideNotSlash[node]);
            for (NarrowEdge edge : narrow[node]) {
                for (int number : edge.classes()) {
                    targets.computeIfAbsent(number, _ -> new IntList()).add(edge.target());
                }
            }
        }
        boolean isWide = any.size() + notSlash.size() > 0;
        int wide = -1;
        for (int number = 0; number < classes.count(); number++) {
            IntList narrowTargets = targets.get(number);
            if (narrowTargets == null && !isWide) {
                continue;
            }
            boolean isSlash = number == slash && notSlash.size() > 0;
            int next;
            if (narrowTargets == null && !isSlash) {
                if (wide < 0) {
                    wide = next(any, notSlash, new IntList());
                }
                next = wide;
            } else {
                next = next(any, isSlash ? new IntList() : notSlash, narrowTargets == null ? new IntList() : narrowTargets);
            }
            if (next >= 0) {
                transition(state, number, next);
            }
        }
    }

    private void transition(int state, int number, int next) throws TooLargeException {
        if (from.size() == Dfa.MAX_TRANSITIONS) {
            throw new TooLargeException("more than " + Dfa.MAX_TRANSITIONS + " transitions");
        }
        from.add(state);
        label.add(number);
        to.add(next);
    }

    /** The state of everything that can be reached; -1 when there is nothing. */
    private int next(IntList any, IntList notSlash, IntList more) throws TooLargeException {
        IntList reached = new IntList();
        round++;
        reach(any, reached);
        reach(notSlash, reached);
        reach(more, reached);
        if (reached.size() == 0) {
            return -1;
        }
        work += reached.size();
        if (work > MAX_WORK) {
            throw new TooLargeException("more work than is reasonable");
        }
        int[] set = reached.toArray();
        Arrays.sort(set);
        return state(set);
    }

    private void reach(IntList targets, IntList reached) {
        for (int i = 0; i < targets.size(); i++) {
            for (int node : closures[targets.get(i)]) {
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
            for (int node : sets.get(state)) {
                rules.addAll(nodes.get(node).accepts);
            }
            outputs[state] = output.applyAsInt(rules);
        }
        return new Dfa(classes, outputs.length, outputs, from.toArray(), label.toArray(), to.toArray());
    }
}
