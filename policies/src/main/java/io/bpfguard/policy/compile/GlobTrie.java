package io.bpfguard.policy.compile;

import io.bpfguard.policy.model.ByteSet;
import io.bpfguard.policy.model.GlobToken;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Globs, and keys made of several fields, as one nondeterministic automaton in which equal beginnings are one path: ten thousand globs that begin with
 * {@code **}{@code /} share its loop, which keeps the sets of the subset construction small. Each node can be entered from
 * its parent by one byte or by none, may loop on itself, and may accept for some rules.
 */
final class GlobTrie {
    /** A place in some globs: what was read so far is the same for all of them. */
    static final class Node {
        final int number;
        /** The bytes that stay here, or none. */
        final ByteSet loop;
        final List<Edge> edges = new ArrayList<>();
        /** Nodes that are here as well, without a byte. */
        final List<Node> free = new ArrayList<>();
        /** Rules whose glob ends here. */
        final Set<Integer> accepts = new HashSet<>();
        private final Map<GlobToken, Node> children = new HashMap<>();

        private Node(int number, ByteSet loop) {
            this.number = number;
            this.loop = loop;
        }
    }

    /** One byte from a node to another. */
    record Edge(ByteSet bytes, Node target) {}

    private final List<Node> nodes = new ArrayList<>();
    private final Set<ByteSet> byteSets = new HashSet<>();
    private final Node root = node(ByteSet.NONE);

    /** Adds what the keys of a rule of this number look like. */
    void add(List<GlobToken> tokens, int rule) {
        follow(root, tokens).accepts.add(rule);
    }

    /** The node behind the tokens, made as far as it is not there. */
    private Node follow(Node from, List<GlobToken> tokens) {
        Node node = from;
        for (GlobToken token : tokens) {
            Node child = node.children.get(token);
            if (child == null) {
                child = extend(node, token);
                node.children.put(token, child);
            }
            node = child;
        }
        return node;
    }

    private Node extend(Node from, GlobToken token) {
        return switch (token) {
            case GlobToken.One(ByteSet bytes) -> step(from, bytes, node(ByteSet.NONE));
            case GlobToken.Component _ -> freely(from, node(ByteSet.NOT_SLASH));
            case GlobToken.Anything _ -> freely(from, node(ByteSet.ANY));
            case GlobToken.Many(ByteSet bytes) -> freely(from, node(bytes));
            case GlobToken.Directories _ -> {
                Node inside = freely(from, node(ByteSet.ANY));
                yield freely(from, step(inside, ByteSet.of('/'), node(ByteSet.NONE)));
            }
            case GlobToken.OneOf(var alternatives) -> {
                Node fork = freely(from, node(ByteSet.NONE));
                List<Node> ends = alternatives.stream().map(tokens -> follow(fork, tokens)).toList();
                Node join = node(ByteSet.NONE);
                ends.forEach(end -> freely(end, join));
                yield join;
            }
        };
    }

    private Node node(ByteSet loop) {
        Node node = new Node(nodes.size(), loop);
        nodes.add(node);
        if (!loop.isEmpty()) {
            byteSets.add(loop);
        }
        return node;
    }

    private Node step(Node from, ByteSet bytes, Node to) {
        from.edges.add(new Edge(bytes, to));
        byteSets.add(bytes);
        return to;
    }

    private static Node freely(Node from, Node to) {
        from.free.add(to);
        return to;
    }

    Node root() {
        return root;
    }

    List<Node> nodes() {
        return nodes;
    }

    /** The sets of bytes that steps and loops ask for. */
    Set<ByteSet> byteSets() {
        return byteSets;
    }
}
