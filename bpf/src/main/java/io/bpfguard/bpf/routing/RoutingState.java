package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfFs;
import io.bpfguard.bpf.libbpf.BpfLink;
import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.BpfObject;
import io.bpfguard.bpf.libbpf.BpfProgram;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.libbpf.MapFull;
import io.bpfguard.bpf.libbpf.Syscalls;
import io.bpfguard.bpf.routing.ContainerState.Phase;
import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Route;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The kernel's state below one bpffs directory. All of it is pinned: it goes on when this object is closed and when its
 * process dies, and the next one that opens it takes it over. {@link #uninstall} is the only way to take it away.
 *
 * <p>Thread-safe: one lock around every change. Several processes may have it open; each change is one process's alone, and what others
 * changed meanwhile is read again first.
 */
public final class RoutingState implements Routing, AutoCloseable {
    /** What is attached for a container's life; the names are those of the programs in lifecycle.bpf.c. */
    private static final List<String> LIFECYCLE = List.of("cgroup_made", "cgroup_gone", "task_made", "program_executed",
            "mount_asked", "mount_moved", "root_changed");

    private static final List<String> MAPS = List.of("expected", "cgroups", "containers", "container_routes", "routes", "chains", "rulesets", "events",
            Contents.MAP, InForce.MAP);
    static final Path CGROUPS = Path.of("/sys/fs/cgroup");
    /** How long others may be at it: attaching a hook takes seconds on a loaded machine. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ReentrantLock lock = new ReentrantLock();
    private final StateLock processes;
    private final Path root;
    private final Map<String, BpfMap> maps;
    private final Tasks tasks;
    private final HookTable hooks;
    private final Contents contents;
    private final RouteTable routes;
    private final ContainerTable containers;
    private final int hostMountNamespace;
    private final boolean adopted;
    private final int adoptedGeneration;

    /** With the lock. */
    private RoutingState(Libbpf libbpf, Path root, StateLock processes, Map<String, BpfMap> maps, int hostMountNamespace, boolean adopted) {
        this.root = root;
        this.processes = processes;
        this.maps = maps;
        this.hostMountNamespace = hostMountNamespace;
        this.adopted = adopted;
        tasks = new Tasks(root);
        hooks = new HookTable(libbpf, root.resolve("maps"), root.resolve("hooks"));
        contents = new Contents(maps.get(Contents.MAP));
        routes = new RouteTable(maps.get("routes"), maps.get("chains"), maps.get("rulesets"), hooks, contents);
        containers = new ContainerTable(maps.get("containers"), maps.get("container_routes"), maps.get("expected"), maps.get("cgroups"));
        processes.othersWrote();
        routes.reload(containers.usedRoutes());
        adoptedGeneration = Math.max(containers.all().stream().mapToInt(ContainerState::generation).max().orElse(0),
                InForce.read(maps.get(InForce.MAP)).map(InForce::generation).orElse(0));
    }

    /**
     * Opens the state, made anew where there is none: from then on containers can be announced.
     *
     * @param root a directory in a bpffs, made if need be
     * @throws RoutingException if state of another version is there
     */
    public static RoutingState open(Libbpf libbpf, Path root) {
        return open(libbpf, root, PATIENCE);
    }

    /**
     * The same.
     *
     * @param patience how long to wait where other processes change the state, now and at each later change
     * @throws RoutingException if state of another version is there, or another process has the lock for too long
     */
    public static RoutingState open(Libbpf libbpf, Path root, Duration patience) {
        requireBpfFs(root);
        StateLock processes = lock(root, patience);
        Map<String, BpfMap> maps = new HashMap<>();
        try {
            int hostMountNamespace = mountNamespace(1);
            Path mapPins = root.resolve("maps");
            boolean adopted = exists(root);
            if (adopted) {
                requireSameBuild(mapPins);
            } else {
                // A process that died while it made the state: nothing is enforced by it yet.
                Pins.list(root).forEach(Pins::remove);
                for (String directory : List.of("maps", "links", "hooks")) {
                    Files.createDirectories(root.resolve(directory));
                }
                install(libbpf, root, hostMountNamespace);
            }
            MAPS.forEach(name -> maps.put(name, BpfMap.openPinned(mapPins.resolve(name))));
            RoutingState state = new RoutingState(libbpf, root, processes, maps, hostMountNamespace, adopted);
            processes.release();
            return state;
        } catch (IOException failure) {
            maps.values().forEach(BpfMap::close);
            processes.close();
            throw new UncheckedIOException("making " + root, failure);
        } catch (RuntimeException failure) {
            maps.values().forEach(BpfMap::close);
            processes.close();
            throw failure;
        }
    }

    /** The lock of the directory, taken; the directory is made if need be. */
    private static StateLock lock(Path root, Duration patience) {
        while (true) {
            try {
                Files.createDirectories(root);
            } catch (IOException failure) {
                throw new UncheckedIOException("making " + root, failure);
            }
            StateLock lock = StateLock.open(root, patience);
            try {
                lock.take();
                if (lock.isCurrent()) {
                    return lock;
                }
                // It was taken away, and perhaps made anew, while this waited.
                lock.close();
            } catch (RuntimeException failure) {
                lock.close();
                throw failure;
            }
        }
    }

    private static void requireBpfFs(Path root) {
        Path existing = root;
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        if (existing == null || !BpfFs.contains(existing)) {
            throw new RoutingException(root + " is not in a bpffs: mount one with \"mount -t bpf bpf /sys/fs/bpf\"");
        }
    }

    /** Whether there is state to open, of whatever version: the last thing that the making of one makes is there. */
    public static boolean exists(Path root) {
        return Files.exists(root.resolve("maps").resolve("build"));
    }

    static void requireSameBuild(Path mapPins) {
        try (BpfMap build = BpfMap.openPinned(mapPins.resolve("build"))) {
            byte[] found = build.lookup(BpfMap.u32(0)).orElse(new byte[0]);
            if (!Arrays.equals(found, Programs.digest())) {
                throw new RoutingException("the kernel holds BPFGuard state of another version below " + mapPins.getParent()
                        + ", and it goes on enforcing; run \"bpfguard uninstall\" and start this version again");
            }
        }
    }

    private static void install(Libbpf libbpf, Path root, int hostMountNamespace) {
        Path mapPins = root.resolve("maps");
        try (BpfObject lifecycle = Programs.open(libbpf, "lifecycle", mapPins);
                BpfObject hook = Programs.open(libbpf, "sb_kern_mount", mapPins);
                BpfMap build = BpfMap.create(BpfMap.Type.ARRAY, "build", Integer.BYTES, Programs.digest().length, 1, 0)) {
            Layout.check(lifecycle);
            lifecycle.setConstant("host_mntns", hostMountNamespace & 0xffffffffL);
            lifecycle.load();
            // The maps that only hooks use.
            hook.load();
            Tasks.create(libbpf, root);
            // And those that no program uses.
            StateLock.create(mapPins);
            Contents.create(mapPins);
            InForce.create(mapPins);
            for (String program : LIFECYCLE) {
                try (BpfLink link = lifecycle.program(program).attach()) {
                    link.pin(root.resolve("links").resolve(program));
                }
            }
            build.update(BpfMap.u32(0), Programs.digest());
            build.freeze();
            build.pin(mapPins.resolve("build"));
        } catch (RuntimeException failure) {
            Pins.list(root).forEach(Pins::remove);
            throw failure;
        }
    }

    /** Takes all state below {@code root} away; nothing is enforced any more. False when there was none. */
    public static boolean uninstall(Path root) {
        boolean there = Files.exists(root);
        if (there) {
            requireBpfFs(root);
            try (StateLock lock = StateLock.open(root, PATIENCE)) {
                lock.take();
                uninstallLocked(root);
            }
        }
        return there;
    }

    private static void uninstallLocked(Path root) {
        // Links before maps: a router without its maps would deny.
        Pins.list(root.resolve("hooks")).forEach(Pins::remove);
        Pins.remove(root.resolve("links"));
        Pins.remove(root);
    }

    /** Whether the state of an earlier agent was taken over. */
    public boolean adopted() {
        return adopted;
    }

    @Override
    public int adoptedGeneration() {
        return adoptedGeneration;
    }

    /** Inode number of the mount namespace of process 1. */
    public int hostMountNamespace() {
        return hostMountNamespace;
    }

    @Override
    public void prepare(Collection<Route> routes) {
        Map<Hook, Set<Matcher>> matchers = new LinkedHashMap<>();
        Map<Hook, Set<CustomProgram>> programs = new HashMap<>();
        routes.forEach(route -> route.chains().forEach((point, chain) -> {
            Hook hook = Hook.of(point, chain);
            matchers.computeIfAbsent(hook, _ -> EnumSet.noneOf(Matcher.class)).addAll(chain.matchers());
            programs.computeIfAbsent(hook, _ -> new HashSet<>()).addAll(chain.programs());
        }));
        // One after the other: meanwhile containers come and go.
        matchers.forEach((hook, some) -> locked(() -> hooks.attach(hook, some, programs.get(hook))));
        locked(() -> {
            hooks.keep(programs);
            return null;
        });
    }

    @Override
    public int expect(String name, KeyedRoute route, int generation) {
        return locked(() -> containers.expect(name, word(route, generation)));
    }

    @Override
    public int assign(String name, long cgroupId, boolean running, int runtimeMountNamespace, KeyedRoute route, int generation) {
        return locked(() -> {
            Phase phase = running ? Phase.ARMED : Phase.MADE;
            int slot = containers.assign(name, cgroupId, phase, runtimeMountNamespace == 0 ? hostMountNamespace : runtimeMountNamespace,
                    word(route, generation));
            if (running) {
                tasks.adopt();
            }
            return slot;
        });
    }

    @Override
    public void forget(String name) {
        locked(() -> {
            containers.forget(name);
            return null;
        });
    }

    @Override
    public void switchRoutes(Map<Integer, KeyedRoute> routesBySlot, InForce policies) {
        locked(() -> {
            words(routesBySlot, policies.generation()).forEach(containers::setRoute);
            policies.write(maps.get(InForce.MAP));
            routes.retain(usedRoutes());
            return null;
        });
    }

    @Override
    public Optional<InForce> inForce() {
        return locked(() -> InForce.read(maps.get(InForce.MAP)));
    }

    @Override
    public <T, E extends Exception> T exclusively(Change<T, E> change) throws E {
        return locked(change);
    }

    /** Those of containers, and what the policies in force have come to so far: the next container of the same kind finds it. */
    private Set<Integer> usedRoutes() {
        Set<Integer> used = containers.usedRoutes();
        InForce.read(maps.get(InForce.MAP)).ifPresent(policies -> used.addAll(contents.routesOf(policies.digest())));
        return used;
    }

    @Override
    public OptionalInt slot(long cgroupId) {
        return locked(() -> containers.find(cgroupId));
    }

    @Override
    public List<ContainerState> containers() {
        return locked(containers::all);
    }

    @Override
    public Set<Integer> ended() {
        return locked(() -> {
            Set<Integer> ended = containers.gone(id -> Syscalls.cgroupExists(CGROUPS, id));
            if (!ended.isEmpty()) {
                ended.removeAll(tasks.labelled());
            }
            return ended;
        });
    }

    @Override
    public void free(Set<Integer> ended) {
        locked(() -> {
            containers.free(ended);
            routes.retain(usedRoutes());
            routes.sweep();
            return null;
        });
    }

    /** For the self test: attaches a hook that no route asks for. */
    void attach(Hook hook, Set<Matcher> matchers) {
        locked(() -> hooks.attach(hook, matchers, Set.of()));
    }

    /**
     * What is in the kernel, without touching it; for a look from another process than the agent's.
     *
     * @param policies what is in force; empty before there were policies
     * @param containers as {@link #containers()}
     * @param hooks the attached hooks
     */
    public record Snapshot(Optional<InForce> policies, List<ContainerState> containers, List<AttachedHook> hooks) {}

    /**
     * A place where a router is attached.
     *
     * @param label {@code lsm-file_open}
     * @param misses how often the kernel skipped it, because it was running already on that CPU ({@code recursion_misses})
     */
    public record AttachedHook(String label, long misses) {}

    /** Reads the state below {@code root}; empty where there is none. */
    public static Optional<Snapshot> inspect(Libbpf libbpf, Path root) {
        if (!exists(root)) {
            return Optional.empty();
        }
        Path pins = root.resolve("maps");
        try (BpfMap containers = BpfMap.openPinned(pins.resolve("containers"));
                BpfMap routes = BpfMap.openPinned(pins.resolve("container_routes"));
                BpfMap expected = BpfMap.openPinned(pins.resolve("expected"));
                BpfMap cgroups = BpfMap.openPinned(pins.resolve("cgroups"));
                BpfMap inForce = BpfMap.openPinned(pins.resolve(InForce.MAP))) {
            List<AttachedHook> hooks = Pins.list(root.resolve("hooks")).stream().map(entry -> new AttachedHook(
                    entry.getFileName().toString().replaceFirst("^[0-9]+-", ""), misses(libbpf, entry.resolve("link")))).toList();
            try (ContainerTable table = new ContainerTable(containers, routes, expected, cgroups)) {
                return Optional.of(new Snapshot(InForce.read(inForce), table.all(), hooks));
            }
        }
    }

    private static long misses(Libbpf libbpf, Path pin) {
        try (BpfLink link = BpfLink.open(libbpf, pin); BpfProgram program = BpfProgram.openId(link.info().programId())) {
            return program.info().recursionMisses();
        }
    }

    @Override
    public Map<Integer, String> hooks() {
        return locked(hooks::attached);
    }

    /** The map of events, for a reader; it stays this object's. */
    public BpfMap events() {
        return maps.get("events");
    }

    private long word(KeyedRoute route, int generation) {
        return words(Map.of(0, route), generation).get(0);
    }

    /** The routes as containers have them, all loaded. */
    private Map<Integer, Long> words(Map<Integer, KeyedRoute> routesBySlot, int generation) {
        try {
            return loaded(routesBySlot, generation);
        } catch (NoRoom | MapFull full) {
            // What is kept for containers to come must not be what stops one; nothing loaded a moment ago has a container yet.
            routes.retain(containers.usedRoutes());
            return loaded(routesBySlot, generation);
        }
    }

    private Map<Integer, Long> loaded(Map<Integer, KeyedRoute> routesBySlot, int generation) {
        Map<Integer, Long> words = new HashMap<>();
        routesBySlot.forEach((slot, route) -> words.put(slot, (long) generation << 32 | routes.load(route)));
        return words;
    }

    private <T, E extends Exception> T locked(Change<T, E> action) throws E {
        lock.lock();
        try {
            if (lock.getHoldCount() > 1) {
                return action.make();
            }
            processes.take();
            try {
                if (!processes.isCurrent()) {
                    throw new RoutingException("the state below " + root + " was taken away while this process used it: start it again");
                }
                if (processes.othersWrote()) {
                    containers.reload();
                    hooks.reload();
                    routes.reload(containers.usedRoutes());
                }
                return action.make();
            } finally {
                processes.release();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Inode number of a process's mount namespace. */
    static int mountNamespace(int pid) {
        Path link = Path.of("/proc/" + pid + "/ns/mnt");
        try {
            String target = Files.readSymbolicLink(link).toString();
            return Integer.parseUnsignedInt(target.substring(target.indexOf('[') + 1, target.indexOf(']')));
        } catch (IOException failure) {
            throw new RoutingException("cannot read " + link + ": BPFGuard must run as root in the host's pid namespace");
        }
    }

    /** Lets go of descriptors only; enforcement goes on. */
    @Override
    public void close() {
        lock.lock();
        try {
            containers.close();
            maps.values().forEach(BpfMap::close);
            processes.close();
        } finally {
            lock.unlock();
        }
    }
}
