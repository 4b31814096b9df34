package io.bpfguard.policy.learn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Paths that were seen and what was done to them, in bounded memory: names are kept as {@linkplain NamePattern globs}, and where a directory or
 * the whole becomes too large, what is in a directory is kept as one. The root is never generalised: names that do not fit there are
 * not kept, and counted.
 *
 * @param <O> what can be done
 */
final class PathTree<O extends Enum<O>> {
    /** How many names a directory may have before it is kept as one. */
    static final int MAX_CHILDREN = 256;
    /** How many names there may be. */
    static final int MAX_NODES = 20_000;

    private static final Set<String> CLOSELY_KEPT = Set.of("/etc", "/dev", "/proc", "/sys", "/run", "/root", "/bin", "/sbin", "/usr/bin", "/usr/sbin");

    private final Class<O> kind;
    private final Node root;
    private int nodes;
    private long cut;
    private long lost;

    PathTree(Class<O> kind) {
        this.kind = kind;
        this.root = new Node();
    }

    /** How many names and directories a directory may have that is written out; otherwise it becomes {@code dir/*} or {@code dir/**}. */
    record Detail(int names, int directories, int depth) {
        /** What readers want, then ever less: for what would be too large. */
        static final List<Detail> LEVELS = List.of(new Detail(8, 8, 64), new Detail(8, 8, 6), new Detail(4, 4, 4), new Detail(1, 2, 2), new Detail(0, 0, 1));

        private int names(String directory) {
            return CLOSELY_KEPT.contains(directory) ? 4 * names : names;
        }

        private int directories(int depthOfDirectory) {
            return depthOfDirectory == 1 ? 4 * directories : directories;
        }
    }

    /**
     * A glob for what was seen.
     *
     * @param glob of paths
     * @param operations that were seen on one of them
     * @param names how many names it stands for, as far as they were told apart
     * @param times how often any was used
     */
    record Found<O extends Enum<O>>(String glob, Set<O> operations, long names, long times) {}

    private final class Node {
        private final Map<String, Node> children = new TreeMap<>();
        private final Set<O> own = EnumSet.noneOf(kind);
        /** Of names in this directory that were not kept. */
        private final Set<O> others = EnumSet.noneOf(kind);
        /** Of all below, when that is kept as one. */
        private final Set<O> below = EnumSet.noneOf(kind);
        private boolean isOne;
        private long times;
        private long otherTimes;
        private long names;

        private boolean isDirectory() {
            return isOne || !children.isEmpty() || !others.isEmpty();
        }

        /** Keeps all below as one. */
        private void join() {
            collect(this, below);
            otherTimes += children.values().stream().mapToLong(this::sum).sum();
            names += children.values().stream().mapToLong(this::count).sum();
            nodes -= size() - 1;
            children.clear();
            others.clear();
            isOne = true;
        }

        private long sum(Node node) {
            return node.times + node.otherTimes + node.children.values().stream().mapToLong(this::sum).sum();
        }

        private long count(Node node) {
            return (node.own.isEmpty() ? 0 : 1) + node.names + node.children.values().stream().mapToLong(this::count).sum();
        }

        private int size() {
            return 1 + children.values().stream().mapToInt(Node::size).sum();
        }
    }

    private void collect(Node directory, Set<O> into) {
        into.addAll(directory.below);
        into.addAll(directory.others);
        for (Node child : directory.children.values()) {
            into.addAll(child.own);
            collect(child, into);
        }
    }

    /** How many names were not told apart, because a directory has too many. */
    long cut() {
        return cut;
    }

    /** How many uses of paths were not kept at all. */
    long lost() {
        return lost;
    }

    /** The names of an absolute path as globs; of the root none. */
    static List<String> globs(String path) {
        if (path.equals("/")) {
            return List.of();
        }
        List<String> globs = new ArrayList<>();
        int start = 1;
        for (String name : path.substring(1).split("/", -1)) {
            globs.add(NamePattern.of(name, path.substring(0, start - 1)));
            start += name.length() + 1;
        }
        return globs;
    }

    /** As the kernel gives them: without a component that has no name or goes up. */
    static boolean isPath(String path) {
        return path.equals("/") || path.startsWith("/") && !path.endsWith("/") && !path.contains("//") && !path.contains("\0")
                && Arrays.stream(path.split("/")).noneMatch(name -> name.equals(".") || name.equals(".."));
    }

    /** Adds a use of a path, of which {@link #globs} says the names. False if it was not kept. */
    boolean add(List<String> path, Set<O> operations) {
        return add(path, operations, false);
    }

    /** Adds a use of something below a directory. */
    boolean addBelow(List<String> directory, Set<O> operations) {
        return add(directory, operations, true);
    }

    private boolean add(List<String> path, Set<O> operations, boolean isBelow) {
        while (nodes + path.size() > MAX_NODES) {
            joinLargest();
        }
        Node node = root;
        for (int i = 0; i < path.size(); i++) {
            if (node.isOne) {
                return addTo(node, operations);
            }
            Node child = node.children.get(path.get(i));
            if (child == null) {
                if (node.children.size() >= MAX_CHILDREN) {
                    return addOther(node, operations, i == path.size() - 1 && !isBelow);
                }
                child = new Node();
                node.children.put(path.get(i), child);
                nodes++;
            }
            node = child;
        }
        if (isBelow) {
            if (node == root) {
                lost++;
                return false;
            }
            if (!node.isOne) {
                node.join();
            }
            return addTo(node, operations);
        }
        node.own.addAll(operations);
        node.times++;
        return true;
    }

    private boolean addTo(Node directory, Set<O> operations) {
        directory.below.addAll(operations);
        directory.otherTimes++;
        return true;
    }

    private boolean addOther(Node directory, Set<O> operations, boolean isName) {
        if (directory == root) {
            lost++;
            return false;
        }
        cut++;
        directory.names++;
        if (isName && !directory.isOne) {
            directory.others.addAll(operations);
            directory.otherTimes++;
            return true;
        }
        if (!directory.isOne) {
            directory.join();
        }
        return addTo(directory, operations);
    }

    /** Keeps everything below a large directory as one. */
    private void joinLargest() {
        Node largest = root;
        do {
            largest = largest.children.values().stream().max(Comparator.comparingInt(Node::size)).orElseThrow();
        } while (largest.children.values().stream().anyMatch(child -> child.size() > MAX_NODES / 4));
        cut++;
        largest.join();
    }

    /**
     * Globs for all that was seen, in order.
     *
     * @param joined directories of which everything below is one
     */
    List<Found<O>> found(Detail detail, Set<String> joined) {
        List<Found<O>> found = new ArrayList<>();
        if (!root.own.isEmpty()) {
            found.add(new Found<>("/", Set.copyOf(root.own), 1, root.times));
        }
        root.children.forEach((name, child) -> add(found, "/" + name, child, 1, detail, joined, true));
        return found;
    }

    private void add(List<Found<O>> found, String path, Node node, int depth, Detail detail, Set<String> joined, boolean withOwn) {
        if (withOwn && !node.own.isEmpty()) {
            found.add(new Found<>(path, Set.copyOf(node.own), 1, node.times));
        }
        if (!node.isDirectory()) {
            return;
        }
        long directories = node.children.values().stream().filter(Node::isDirectory).count();
        if (node.isOne || joined.contains(path) || directories > detail.directories(depth) || directories > 0 && depth >= detail.depth()) {
            Set<O> all = EnumSet.noneOf(kind);
            collect(node, all);
            found.add(new Found<>(path + "/**", Set.copyOf(all), node.count(node) - (node.own.isEmpty() ? 0 : 1), node.sum(node) - node.times));
            return;
        }
        List<Node> names = node.children.values().stream().filter(child -> !child.own.isEmpty()).toList();
        boolean isOpen = !node.others.isEmpty() || names.size() > detail.names(path);
        if (isOpen) {
            Set<O> all = EnumSet.noneOf(kind);
            all.addAll(node.others);
            names.forEach(name -> all.addAll(name.own));
            found.add(new Found<>(path + "/*", Set.copyOf(all), names.size() + node.names, names.stream().mapToLong(name -> name.times).sum() + node.otherTimes));
        }
        node.children.forEach((name, child) -> add(found, path + "/" + name, child, depth + 1, detail, joined, !isOpen));
    }

    /** Whether something below the path was seen. */
    boolean isDirectory(List<String> path) {
        Node node = root;
        for (String name : path) {
            node = node.children.get(name);
            if (node == null) {
                return false;
            }
        }
        return node.isDirectory();
    }

    /** The deepest directory above two paths. */
    static List<String> above(List<String> one, List<String> other) {
        int same = Arrays.mismatch(one.toArray(), other.toArray());
        int shorter = Math.min(one.size(), other.size()) - 1;
        return one.subList(0, Math.max(0, same < 0 ? shorter : Math.min(same, shorter)));
    }

    /** A path from its names. */
    static String path(List<String> names) {
        return "/" + String.join("/", names);
    }
}
