package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.Syscalls;
import io.bpfguard.bpf.routing.ContainerState.Phase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;

/**
 * The part of the kernel's state that gives a container a route which the kernel holds already, and takes it back: for the hook, which is to be quick.
 * What is not loaded takes a {@link RoutingState}. While it is open, no other process changes anything. Not thread-safe.
 */
public final class LoadedRoutes implements AutoCloseable {
    private final Path root;
    private final Path maps;
    private final StateLock processes;
    private final BpfMap inForce;

    private LoadedRoutes(Path root, StateLock processes, BpfMap inForce) {
        this.root = root;
        this.maps = root.resolve("maps");
        this.processes = processes;
        this.inForce = inForce;
    }

    /**
     * Opens the state and takes its lock.
     *
     * @param patience how long to wait for the lock
     * @throws RoutingException if there is no state, or one of another version, or the lock is held for too long
     */
    public static LoadedRoutes open(Path root, Duration patience) {
        if (!RoutingState.exists(root)) {
            throw nothing(root);
        }
        StateLock lock = StateLock.open(root, patience);
        try {
            lock.take();
            if (!lock.isCurrent() || !RoutingState.exists(root)) {
                throw nothing(root);
            }
            Path maps = root.resolve("maps");
            RoutingState.requireSameBuild(maps);
            return new LoadedRoutes(root, lock, BpfMap.openPinned(maps.resolve(InForce.MAP)));
        } catch (RuntimeException failure) {
            lock.close();
            throw failure;
        }
    }

    private static RoutingException nothing(Path root) {
        return new RoutingException("the kernel holds no BPFGuard state below " + root + ": start the agent, or run \"bpfguard load\"");
    }

    /** The policies in force. */
    public Optional<InForce> inForce() {
        return InForce.read(inForce);
    }

    /** The container that a cgroup belongs to already. */
    public OptionalInt slot(long cgroupId) {
        try (BpfMap cgroups = BpfMap.openPinned(maps.resolve("cgroups"))) {
            return cgroups.lookup(BpfMap.u64(cgroupId)).map(value -> OptionalInt.of(BpfMap.view(value).getInt())).orElse(OptionalInt.empty());
        }
    }

    /** The number of a route, if it is loaded. */
    public OptionalInt route(byte[] key) {
        try (BpfMap contents = BpfMap.openPinned(maps.resolve(Contents.MAP))) {
            return new Contents(contents).route(key);
        }
    }

    /**
     * Gives a cgroup a route, and reads it back.
     *
     * @param name of the cgroup's directory
     * @param runtimeMountNamespace inode number of the mount namespace that the runtime works in
     * @param route a number that {@link #route} gave
     * @return the container's slot
     */
    public int assign(String name, long cgroupId, int runtimeMountNamespace, int route, int generation) {
        long word = (long) generation << 32 | route;
        return changing(table -> {
            int slot = table.assign(name, cgroupId, Phase.MADE, runtimeMountNamespace, word);
            ContainerState found = table.read(slot);
            if (found.cgroupId() != cgroupId || found.route() != route || found.generation() != generation) {
                throw new RoutingException("the container's slot " + slot + " does not read back as it was written: another program writes BPFGuard's maps");
            }
            return slot;
        });
    }

    /**
     * Frees the slots of the containers whose cgroup is gone and whose processes are all gone. What was loaded for them stays loaded for the
     * next of their kind; what no policy in force needs any more goes with the next switch.
     */
    public void freeEnded() {
        changing(table -> {
            Set<Integer> ended = table.gone(id -> Syscalls.cgroupExists(RoutingState.CGROUPS, id));
            if (!ended.isEmpty()) {
                ended.removeAll(new Tasks(root).labelled());
                table.free(ended);
            }
            return null;
        });
    }

    private <T> T changing(Function<ContainerTable, T> change) {
        processes.othersWrote();
        try (BpfMap containers = BpfMap.openPinned(maps.resolve("containers"));
                BpfMap routes = BpfMap.openPinned(maps.resolve("container_routes"));
                BpfMap expected = BpfMap.openPinned(maps.resolve("expected"));
                BpfMap cgroups = BpfMap.openPinned(maps.resolve("cgroups"));
                ContainerTable table = new ContainerTable(containers, routes, expected, cgroups)) {
            return change.apply(table);
        }
    }

    /** Gives the lock up. */
    @Override
    public void close() {
        inForce.close();
        processes.close();
    }
}
