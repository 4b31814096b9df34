package io.bpfguard.policy.learn;

import com.fasterxml.jackson.databind.JsonNode;
import io.bpfguard.policy.check.SystemCalls;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.model.Capability;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a container was seen to do, in bounded memory: it may be an attacker's, and touch any number of paths. What is too much is generalised as it comes
 * (a directory instead of its names), or not kept; the learnt policy says so. Programs are never generalised. Not thread-safe.
 */
public final class Observations {
    /** How many bytes the paths of programs may have together: they are never generalised, and the tables of a policy are bounded. */
    static final int MAX_PROGRAM_BYTES = 12 << 10;
    private static final Map<String, String> GATED = SystemCalls.gated();
    private static final int MAX_NAMES = 256;
    private static final int MAX_WAITING = 1024;

    /**
     * A file had the first name and got the second, as globs by name.
     *
     * @param isRename whether the first one went
     */
    record Renaming(List<String> from, List<String> to, boolean isRename) {}

    private final PathTree<PathOperation> reads = new PathTree<>(PathOperation.class);
    private final PathTree<PathOperation> changes = new PathTree<>(PathOperation.class);
    private final Map<String, Long> programs = new TreeMap<>();
    private final Set<Renaming> renamings = new LinkedHashSet<>();
    private final Set<List<String>> directories = new HashSet<>();
    /** The old names of threads that are about to give new ones; the oldest go. */
    private final Map<Long, Observation.FileUse> waiting = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Observation.FileUse> eldest) {
            return size() > MAX_WAITING;
        }
    };
    private final SeenSockets sockets = new SeenSockets();
    private final Map<String, Long> capabilities = new TreeMap<>();
    private final Map<String, Long> calls = new TreeMap<>();
    private final Set<String> fileless = new TreeSet<>();
    private int programBytes;
    private String firstTime = "";
    private String lastTime = "";
    private long count;
    private long missing;
    private long denied;
    private long unreadable;
    private long unkept;

    /** Adds what one event of the agent says, a line of its events as {@link Observation#of} reads it. */
    public void add(JsonNode event) {
        Observation.of(event).ifPresent(observation -> {
            String time = event.path("time").asText();
            // Into a comment only what cannot end it.
            if (time.matches("[-0-9T:.Z]{1,40}")) {
                firstTime = firstTime.isEmpty() ? time : firstTime;
                lastTime = time;
            }
            add(observation);
        });
    }

    /** Adds one thing that was seen; in the order of events. */
    public void add(Observation observation) {
        count += observation instanceof Observation.Missing ? 0 : 1;
        switch (observation) {
            case Observation.FileUse use -> add(use);
            case Observation.NewName name -> add(name);
            case Observation.SocketUse use -> sockets.add(use);
            case Observation.CapabilityUse(String name) when Capability.number(name).isPresent() -> capabilities.merge(Capability.bare(name), 1L, Long::sum);
            case Observation.CapabilityUse _ -> unkept++;
            case Observation.Call(String name) when SystemCalls.named(name).isPresent() ->
                calls.merge(GATED.getOrDefault(name, name), 1L, Long::sum);
            case Observation.Call _ -> unkept++;
            case Observation.Missing(long lost, long throttled) -> missing += lost + throttled;
            case Observation.Denied _ -> denied++;
            case Observation.Unreadable _ -> unreadable++;
        }
    }

    private void add(Observation.FileUse use) {
        if (use.operation() == PathOperation.EXEC) {
            addProgram(use);
            return;
        }
        PathTree<PathOperation> tree = use.operation() == PathOperation.READ ? reads : changes;
        addTo(tree, use.path(), use.isCut(), Set.of(use.operation()));
        if (use.makesDirectory() && directories.size() < MAX_NAMES) {
            directories.add(globs(use.path(), use.isCut()));
        }
        if (use.operation() == PathOperation.RENAME || use.operation() == PathOperation.LINK) {
            waiting.put(use.thread(), use);
        }
    }

    /** A name with bytes that are not known is none to run: its glob would be other programs' too. */
    private void addProgram(Observation.FileUse use) {
        String path = use.path();
        int bytes = path.getBytes(StandardCharsets.UTF_8).length;
        if (programs.containsKey(path)) {
            programs.merge(path, 1L, Long::sum);
        } else if (!PathTree.isPath(path)) {
            addFileless(path);
        } else if (use.isCut() || !NamePattern.isKnown(path) || programBytes + bytes > MAX_PROGRAM_BYTES) {
            unkept++;
        } else {
            programBytes += bytes;
            programs.put(path, 1L);
        }
    }

    /** Without a place in the tree: a memfd. */
    private void addFileless(String name) {
        unkept++;
        if (fileless.size() < MAX_NAMES) {
            fileless.add(name);
        }
    }

    private void add(Observation.NewName name) {
        Set<PathOperation> done = name.isRename() ? Set.of(PathOperation.RENAME, PathOperation.CREATE, PathOperation.UNLINK)
                : Set.of(PathOperation.LINK, PathOperation.CREATE);
        addTo(changes, name.path(), name.isCut(), done);
        Observation.FileUse old = waiting.remove(name.thread());
        if (old == null || name.isCut() || old.isCut() || !PathTree.isPath(name.path()) || !PathTree.isPath(old.path()) || renamings.size() >= MAX_NAMES) {
            unkept++;
        } else {
            renamings.add(new Renaming(globs(old.path(), false), globs(name.path(), false), name.isRename()));
        }
    }

    private void addTo(PathTree<PathOperation> tree, String path, boolean isCut, Set<PathOperation> operations) {
        if (!PathTree.isPath(path)) {
            addFileless(path);
        } else if (isCut) {
            tree.addBelow(globs(path, true), operations);
        } else {
            tree.add(globs(path, false), operations);
        }
    }

    /** Of a path that goes on, the directory that it is in. */
    private static List<String> globs(String path, boolean isCut) {
        return PathTree.globs(isCut ? path.substring(0, Math.max(1, path.lastIndexOf('/'))) : path);
    }

    PathTree<PathOperation> reads() {
        return reads;
    }

    PathTree<PathOperation> changes() {
        return changes;
    }

    Map<String, Long> programs() {
        return programs;
    }

    Set<Renaming> renamings() {
        return renamings;
    }

    boolean isDirectory(List<String> path) {
        return directories.contains(path) || reads.isDirectory(path) || changes.isDirectory(path);
    }

    SeenSockets sockets() {
        return sockets;
    }

    Map<String, Long> capabilities() {
        return capabilities;
    }

    Map<String, Long> calls() {
        return calls;
    }

    Set<String> fileless() {
        return fileless;
    }

    /** From when to when, as the events say it; empty where they do not. */
    String period() {
        return firstTime.isEmpty() ? "" : firstTime + " to " + lastTime;
    }

    long count() {
        return count;
    }

    /** How many decisions have no event. */
    long missing() {
        return missing;
    }

    long denied() {
        return denied;
    }

    long unreadable() {
        return unreadable;
    }

    /** How many uses are in no rule because they were too many or cannot be said. */
    long unkept() {
        return unkept + reads.lost() + changes.lost() + sockets.lost();
    }
}
