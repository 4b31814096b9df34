package io.bpfguard.policy.compile;

import io.bpfguard.policy.model.ByteSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntFunction;

/**
 * A trie of globs made ready for the subset construction: equal endings are one path as well (nodes that do the same for
 * the same rules are one node), bytes are classes, and every node knows what it can contribute.
 */
final class Nfa {
    /** A step that only some classes can make. */
    record NarrowEdge(int[] classes, int target) {}

    /**
     * A node.
     *
     * @param accepts rules that match a string that ends here
     * @param wideAny targets of every byte
     * @param wideNotSlash targets of every byte but a slash
     * @param narrow other steps
     * @param staysForAny whether every byte can stay here
     * @param staysForNotSlash whether every byte but a slash can stay here
     * @param decided weight of the rules that match here
     * @param possible weight of the rules that can still match
     * @param slashFree whether nothing that can still match has a slash
     */
    record Node(Set<Integer> accepts, int[] wideAny, int[] wideNotSlash, List<NarrowEdge> narrow, boolean staysForAny,
            boolean staysForNotSlash, Weight decided, Weight possible, boolean slashFree) {}

    /**
     * What makes two nodes the same.
     *
     * @param steps number of the bytes and, in the lower half, target; ascending
     */
    private record Shape(ByteSet loop, Set<Integer> accepts, List<Long> steps, List<Integer> free) {}

    private final ByteClasses classes;
    private final List<Node> nodes = new ArrayList<>();
    private final List<int[]> closures = new ArrayList<>();
    private final Map<ByteSet, Integer> byteSetNumbers = new HashMap<>();
    private final List<ByteSet> byteSets = new ArrayList<>();
    private final List<int[]> classesIn = new ArrayList<>();
    private final Map<Shape, Integer> byShape = new HashMap<>();
    /** By number in the trie; -1 = not numbered yet. */
    private final int[] numbers;
    private final IntFunction<Weight> weights;
    private final IntFunction<Weight> certain;
    private final int root;

    /**
     * The automaton of a trie.
     *
     * @param weights what a rule weighs
     * @param certain what it weighs for sure once it matches: less where a match is not all that it asks for
     */
    Nfa(GlobTrie trie, IntFunction<Weight> weights, IntFunction<Weight> certain) {
        this.certain = certain;
        this.classes = new ByteClasses(trie.byteSets());
        this.weights = weights;
        this.numbers = new int[trie.nodes().size()];
        Arrays.fill(numbers, -1);
        for (int i = trie.nodes().size() - 1; i >= 0; i--) {
            number(trie.nodes().get(i));
        }
        this.root = number(trie.root());
    }

    ByteClasses classes() {
        return classes;
    }

    int root() {
        return root;
    }

    int size() {
        return nodes.size();
    }

    Node node(int number) {
        return nodes.get(number);
    }

    /** The node and all that is there without a byte. */
    int[] closure(int number) {
        return closures.get(number);
    }

    /** Numbers what a node leads to before the node; no deeper than a few levels, since the loop above goes from the ends. */
    private int number(GlobTrie.Node node) {
        if (numbers[node.number] >= 0) {
            return numbers[node.number];
        }
        List<Integer> free = node.free.stream().map(this::number).sorted().distinct().toList();
        List<Long> steps = node.edges.stream().map(edge -> (long) byteSetNumber(edge.bytes()) << 32 | number(edge.target()))
                .sorted().distinct().toList();
        Shape shape = new Shape(node.loop, node.accepts, steps, free);
        int number = byShape.computeIfAbsent(shape, this::add);
        numbers[node.number] = number;
        return number;
    }

    private int byteSetNumber(ByteSet bytes) {
        return byteSetNumbers.computeIfAbsent(bytes, _ -> {
            byteSets.add(bytes);
            classesIn.add(classes.in(bytes));
            return byteSets.size() - 1;
        });
    }

    private int add(Shape shape) {
        int number = nodes.size();
        IntList any = new IntList();
        IntList notSlash = new IntList();
        List<NarrowEdge> narrow = new ArrayList<>();
        boolean staysForAny = shape.loop().equals(ByteSet.ANY);
        boolean staysForNotSlash = shape.loop().equals(ByteSet.NOT_SLASH);
        if (staysForAny) {
            any.add(number);
        } else if (staysForNotSlash) {
            notSlash.add(number);
        } else if (!shape.loop().isEmpty()) {
            narrow.add(new NarrowEdge(classes.in(shape.loop()), number));
        }
        Weight decided = shape.accepts().stream().map(certain::apply).reduce(Weight.NONE, Weight::and);
        Weight possible = shape.accepts().stream().map(weights::apply).reduce(Weight.NONE, Weight::and);
        boolean slashFree = !shape.loop().contains('/');
        for (long step : shape.steps()) {
            int target = (int) step;
            ByteSet bytes = byteSets.get((int) (step >>> 32));
            possible = possible.and(nodes.get(target).possible());
            slashFree &= nodes.get(target).slashFree() && !bytes.contains('/');
            if (bytes.equals(ByteSet.ANY)) {
                any.add(target);
            } else if (bytes.equals(ByteSet.NOT_SLASH)) {
                notSlash.add(target);
            } else {
                narrow.add(new NarrowEdge(classesIn.get((int) (step >>> 32)), target));
            }
        }
        TreeSet<Integer> closure = new TreeSet<>(Set.of(number));
        for (int other : shape.free()) {
            possible = possible.and(nodes.get(other).possible());
            slashFree &= nodes.get(other).slashFree();
            for (int further : closures.get(other)) {
                closure.add(further);
            }
        }
        nodes.add(new Node(shape.accepts(), any.toArray(), notSlash.toArray(), narrow,
                staysForAny, staysForNotSlash, decided, possible, slashFree));
        closures.add(closure.stream().mapToInt(Integer::intValue).toArray());
        return number;
    }
}
