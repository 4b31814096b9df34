package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfFs;
import io.bpfguard.bpf.libbpf.BpfLink;
import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.BpfObject;
import io.bpfguard.bpf.libbpf.BpfProgram;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.routing.ContainerState.Phase;
import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Route;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
import java.util.function.Supplier;

/**
 * The kernel's state below one bpffs directory. All of it is pinned: it goes on when this object is closed and when its
 * process dies, and the next one that opens it takes it over. {@link #uninstall} is the only way to take it away.
 *
 * <p>Thread-safe: one lock around every change. One process at a time may have it open; that is the caller's to see to.
 */
public final class RoutingState implements Routing, AutoCloseable {
    /** What is attached for a container's life; the names are those of the programs in lifecycle.bpf.c. */
    private static final List<String> LIFECYCLE = List.of("cgroup_made", "cgroup_gone", "task_made", "program_executed",
            "mount_asked", "mount_moved", "root_changed");

    private static final List<String> MAPS = List.of("expected", "cgroups", "containers", "container_routes", "routes", "chains", "rulesets", "events");

    private final ReentrantLock lock = new ReentrantLock();
    private final Path root;
    private final Map<String, BpfMap> maps;
    private final Tasks tasks;
    private final HookTable hooks;
    private final RouteTable routes;
    private final ContainerTable containers;
    private final int hostMountNamespace;
    private final boolean adopted;
    private final int adoptedGeneration;

    private RoutingState(Libbpf libbpf, Path root, Map<String, BpfMap> maps, int hostMountNamespace, boolean adopted) {
        this.root = root;
        this.maps = maps;
        this.hostMountNamespace = hostMountNamespace;
        this.adopted = adopted;
        tasks = new Tasks(libbpf, root.resolve("maps"));
        hooks = new HookTable(libbpf, root.resolve("maps"), root.resolve("hooks"));
        routes = new RouteTable(maps.get("routes"), maps.get("chains"), maps.get("rulesets"), hooks);
        containers = new ContainerTable(maps.get("containers"), maps.get("container_routes"), maps.get("expected"), maps.get("cgroups"));
        containers.usedRoutes().forEach(routes::adopt);
        if (adopted) {
            routes.findStale();
        }
        adoptedGeneration = containers.all().stream().mapToInt(ContainerState::generation).max().orElse(0);
    }

    /**
     * Opens the state, made anew where there is none: from then on containers can be announced.
     *
     * @param root a directory in a bpffs, made if need be
     * @throws RoutingException if state of another version is there
     */
    public static RoutingState open(Libbpf libbpf, Path root) {
        requireBpfFs(root);
        int hostMountNamespace = mountNamespace(1);
        Path mapPins = root.resolve("maps");
        boolean adopted = isComplete(root);
        if (!adopted && Files.exists(root)) {
            // An agent that died while it made the state: nothing is enforced by it yet.
            Pins.remove(root);
        }
        try {
            Files.createDirectories(mapPins);
            Files.createDirectories(root.resolve("links"));
            Files.createDirectories(root.resolve("hooks"));
        } catch (IOException failure) {
            throw new UncheckedIOException("making " + root, failure);
        }
        if (adopted) {
            requireSameBuild(mapPins);
        } else {
            install(libbpf, root, hostMountNamespace);
        }
        Map<String, BpfMap> maps = new java.util.HashMap<>();
        try {
            MAPS.forEach(name -> maps.put(name, BpfMap.openPinned(mapPins.resolve(name))));
            return new RoutingState(libbpf, root, maps, hostMountNamespace, adopted);
        } catch (RuntimeException failure) {
            maps.values().forEach(BpfMap::close);
            throw failure;
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

    /** Whether the last thing that {@link #install} makes is there. */
    private static boolean isComplete(Path root) {
        return Files.exists(root.resolve("maps").resolve("build"));
    }

    private static void requireSameBuild(Path mapPins) {
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
            for (String program : LIFECYCLE) {
                try (BpfLink link = lifecycle.program(program).attach()) {
                    link.pin(root.resolve("links").resolve(program));
                }
            }
            build.update(BpfMap.u32(0), Programs.digest());
            build.freeze();
            build.pin(mapPins.resolve("build"));
        } catch (RuntimeException failure) {
            Pins.remove(root);
            throw failure;
        }
    }

    /** Takes all state below {@code root} away; nothing is enforced any more. False when there was none. */
    public static boolean uninstall(Path root) {
        boolean there = Files.exists(root);
        if (there) {
            requireBpfFs(root);
            // Links before maps: a router without its maps would deny.
            Pins.list(root.resolve("hooks")).forEach(Pins::remove);
            Pins.remove(root.resolve("links"));
            Pins.remove(root);
        }
        return there;
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
    public int expect(String name, Route route, int generation) {
        return locked(() -> containers.expect(name, word(route, generation)));
    }

    @Override
    public int assign(String name, long cgroupId, boolean running, Route route, int generation) {
        return locked(() -> {
            Phase phase = running ? Phase.ARMED : Phase.MADE;
            int slot = containers.assign(name, cgroupId, phase, hostMountNamespace, word(route, generation));
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
    public void switchRoutes(Map<Integer, Route> routesBySlot, int generation) {
        locked(() -> {
            Map<Integer, Long> words = new java.util.HashMap<>();
            routesBySlot.forEach((slot, route) -> words.put(slot, word(route, generation)));
            words.forEach(containers::setRoute);
            routes.retain(containers.usedRoutes());
            return null;
        });
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
            Set<Integer> ended = containers.gone();
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
            routes.retain(containers.usedRoutes());
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
     * @param containers as {@link #containers()}
     * @param hooks the attached hooks
     */
    public record Snapshot(List<ContainerState> containers, List<AttachedHook> hooks) {}

    /**
     * A place where a router is attached.
     *
     * @param label {@code lsm-file_open}
     * @param misses how often the kernel skipped it, because it was running already on that CPU ({@code recursion_misses})
     */
    public record AttachedHook(String label, long misses) {}

    /** Reads the state below {@code root}; empty where there is none. */
    public static Optional<Snapshot> inspect(Libbpf libbpf, Path root) {
        if (!isComplete(root)) {
            return Optional.empty();
        }
        Path pins = root.resolve("maps");
        try (BpfMap containers = BpfMap.openPinned(pins.resolve("containers"));
                BpfMap routes = BpfMap.openPinned(pins.resolve("container_routes"));
                BpfMap expected = BpfMap.openPinned(pins.resolve("expected"));
                BpfMap cgroups = BpfMap.openPinned(pins.resolve("cgroups"))) {
            List<AttachedHook> hooks = Pins.list(root.resolve("hooks")).stream().map(entry -> new AttachedHook(
                    entry.getFileName().toString().replaceFirst("^[0-9]+-", ""), misses(libbpf, entry.resolve("link")))).toList();
            try (ContainerTable table = new ContainerTable(containers, routes, expected, cgroups)) {
                return Optional.of(new Snapshot(table.all(), hooks));
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

    private long word(Route route, int generation) {
        return (long) generation << 32 | routes.load(route);
    }

    private <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    /** Inode number of a process's mount namespace. */
    private static int mountNamespace(int pid) {
        Path link = Path.of("/proc/" + pid + "/ns/mnt");
        try {
            String target = Files.readSymbolicLink(link).toString();
            return Integer.parseUnsignedInt(target.substring(target.indexOf('[') + 1, target.indexOf(']')));
        } catch (IOException failure) {
            throw new UncheckedIOException("reading " + link + ": BPFGuard must run as root in the host's pid namespace", failure);
        }
    }

    /** Lets go of descriptors only; enforcement goes on. */
    @Override
    public void close() {
        locked(() -> {
            tasks.close();
            containers.close();
            maps.values().forEach(BpfMap::close);
            return null;
        });
    }
}
