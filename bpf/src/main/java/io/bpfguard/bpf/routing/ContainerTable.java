package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.MappedArray;
import io.bpfguard.bpf.routing.ContainerState.Phase;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.LongPredicate;

/** The slots of containers, their routes, and the two ways to find a slot: by expected name and by cgroup id. Not thread-safe. */
final class ContainerTable implements AutoCloseable {
    /** The slot that no container has: what is counted for all that none claims. */
    static final int UNCLAIMED = 0;
    private static final int CGROUP = 0;
    private static final int STATE = 8;
    private static final int RUNTIME_MNTNS = 12;
    private static final int DECISIONS = 16;
    private static final int ERRORS = 48;
    private static final int EVENTS_LOST = 56;
    private static final int EVENTS_THROTTLED = 64;

    private final MappedArray containers;
    private final MappedArray containerRoutes;
    private final BpfMap expected;
    private final BpfMap cgroups;
    private final Map<String, Integer> slots = new HashMap<>();
    private final Numbers numbers;

    /** Takes over what an earlier agent left. */
    ContainerTable(BpfMap containers, BpfMap containerRoutes, BpfMap expected, BpfMap cgroups) {
        this.containers = MappedArray.of(containers);
        this.containerRoutes = MappedArray.of(containerRoutes);
        this.expected = expected;
        this.cgroups = cgroups;
        numbers = new Numbers(containers.info().maxEntries(), "container slot");
        reload();
    }

    /** Reads again which slots are taken: after another process may have written. */
    void reload() {
        numbers.clear();
        slots.clear();
        for (int slot = 1; slot < containers.size(); slot++) {
            if (containers.getInt(slot, STATE) != 0) {
                numbers.mark(slot);
                ContainerState container = read(slot);
                // Of two with one name it is the one that can still be announced, or made.
                slots.merge(container.name(), slot, (one, other) -> read(one).phase() == Phase.GONE ? other : one);
            }
        }
    }

    /** Announces a container: the cgroup made under this name gets the route, in the kernel. */
    int expect(String name, long routeWord) {
        Integer known = slots.get(name);
        int slot = known != null ? known : numbers.take();
        try {
            Phase phase = known == null ? Phase.FREE : read(slot).phase();
            if (phase == Phase.FREE || phase == Phase.GONE) {
                // Gone: the runtime makes the cgroup anew; what survived of the first one is the same container.
                write(slot, name, Phase.EXPECTED, 0, 0, routeWord);
            } else {
                setRoute(slot, routeWord);
            }
            expected.update(nameBytes(name), BpfMap.u32(slot));
            if (!expected.lookup(nameBytes(name)).map(value -> Arrays.equals(value, BpfMap.u32(slot))).orElse(false)) {
                throw new RoutingException("the expected cgroup " + name + " does not read back as it was written: another program writes BPFGuard's maps");
            }
        } catch (RuntimeException failure) {
            if (known == null) {
                free(slot);
            }
            throw failure;
        }
        slots.put(name, slot);
        return slot;
    }

    /**
     * Makes sure that a cgroup that exists belongs to its container.
     *
     * @param phase {@link Phase#MADE} before the workload has begun, {@link Phase#ARMED} when it may be running
     */
    int assign(String name, long cgroupId, Phase phase, int runtimeMountNamespace, long routeWord) {
        OptionalInt found = find(cgroupId);
        int slot;
        if (found.isPresent()) {
            slot = found.getAsInt();
            setRoute(slot, routeWord);
            if (phase == Phase.ARMED && containers.getInt(slot, STATE) < Phase.ARMED.ordinal()) {
                containers.setInt(slot, STATE, Phase.ARMED.ordinal());
            }
        } else {
            Integer known = slots.get(name);
            // A cgroup somewhere else may have the same name, and is another container.
            slot = known != null && read(known).phase() == Phase.EXPECTED ? known : numbers.take();
            slots.put(name, slot);
            write(slot, name, phase, cgroupId, runtimeMountNamespace, routeWord);
            cgroups.update(BpfMap.u64(cgroupId), BpfMap.u32(slot));
            if (find(cgroupId).orElse(0) != slot) {
                throw new RoutingException("the cgroup " + name + " does not read back as it was written: another program writes BPFGuard's maps");
            }
        }
        return slot;
    }

    OptionalInt find(long cgroupId) {
        return cgroups.lookup(BpfMap.u64(cgroupId)).map(value -> OptionalInt.of(view(value).getInt())).orElse(OptionalInt.empty());
    }

    /** One 64-bit store: all hooks of the container change together. */
    void setRoute(int slot, long routeWord) {
        containerRoutes.setLong(slot, 0, routeWord);
    }

    long routeWord(int slot) {
        return containerRoutes.getLong(slot, 0);
    }

    ContainerState read(int slot) {
        int state = containers.getInt(slot, STATE);
        long word = state == 0 ? 0 : routeWord(slot);
        Phase phase = state >= 0 && state < Phase.values().length ? Phase.values()[state] : Phase.GONE;
        return new ContainerState(slot, name(slot), phase, containers.getLong(slot, CGROUP), containers.getInt(slot, RUNTIME_MNTNS),
                (int) word, (int) (word >>> 32), containers.getLong(slot, DECISIONS + 8), containers.getLong(slot, DECISIONS + 16),
                containers.getLong(slot, DECISIONS + 24), containers.getLong(slot, ERRORS), containers.getLong(slot, EVENTS_LOST),
                containers.getLong(slot, EVENTS_THROTTLED));
    }

    List<ContainerState> all() {
        List<ContainerState> states = new ArrayList<>();
        numbers.all().stream().forEach(slot -> states.add(read(slot)));
        return states;
    }

    Set<Integer> usedRoutes() {
        Set<Integer> used = new HashSet<>();
        numbers.all().stream().forEach(slot -> used.add((int) routeWord(slot)));
        used.remove(0);
        return used;
    }

    /** Gives up a container that was announced and whose cgroup was never made. */
    void forget(String name) {
        Integer slot = slots.get(name);
        if (slot != null && read(slot).phase() == Phase.EXPECTED) {
            expected.delete(nameBytes(name));
            // The cgroup may have been made between the two calls: then the container lives until its cgroup is gone.
            if (read(slot).phase() == Phase.EXPECTED) {
                free(slot);
                slots.remove(name);
            }
        }
    }

    /** Frees slots, but not those that the runtime has given a new cgroup meanwhile. */
    void free(Set<Integer> ended) {
        for (int slot : ended) {
            ContainerState state = read(slot);
            if (state.phase() == Phase.GONE) {
                expected.delete(nameBytes(state.name()));
                free(slot);
                slots.remove(state.name(), slot);
            }
        }
    }

    /**
     * The containers whose cgroup is gone: the kernel side marks them, but may have missed it, and does not know of one that a process left
     * which died in the middle of {@link #assign}.
     *
     * @param exists whether there is a cgroup with an id
     */
    Set<Integer> gone(LongPredicate exists) {
        Set<Integer> gone = new HashSet<>();
        for (ContainerState state : all()) {
            if (state.phase() == Phase.GONE) {
                gone.add(state.slot());
            } else if (state.phase() != Phase.EXPECTED && !exists.test(state.cgroupId())) {
                cgroups.delete(BpfMap.u64(state.cgroupId()));
                containers.setInt(state.slot(), STATE, Phase.GONE.ordinal());
                gone.add(state.slot());
            }
        }
        return gone;
    }

    private void free(int slot) {
        containers.setInt(slot, STATE, Phase.FREE.ordinal());
        setRoute(slot, 0);
        numbers.release(slot);
    }

    /** The state is stored last: until then the kernel side does not look at the slot. */
    private void write(int slot, String name, Phase phase, long cgroupId, int runtimeMountNamespace, long routeWord) {
        byte[] nameBytes = nameBytes(name);
        containers.setInt(slot, STATE, Phase.FREE.ordinal());
        containers.setBytes(slot, 0, new byte[STATE]);
        containers.setBytes(slot, DECISIONS, new byte[Layout.CONTAINER_NAME - DECISIONS]);
        containers.setBytes(slot, Layout.CONTAINER_NAME, nameBytes);
        containers.setInt(slot, RUNTIME_MNTNS, runtimeMountNamespace);
        containers.setLong(slot, CGROUP, cgroupId);
        setRoute(slot, routeWord);
        containers.setInt(slot, STATE, phase.ordinal());
    }

    private static byte[] nameBytes(String name) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        if (text.length == 0 || text.length >= Layout.NAME_SIZE) {
            throw new RoutingException("the cgroup name \"" + name + "\" has " + text.length + " bytes; 1 to " + (Layout.NAME_SIZE - 1) + " are possible");
        }
        return Arrays.copyOf(text, Layout.NAME_SIZE);
    }

    private String name(int slot) {
        byte[] text = containers.getBytes(slot, Layout.CONTAINER_NAME, Layout.NAME_SIZE);
        int length = 0;
        while (length < text.length && text[length] != 0) {
            length++;
        }
        return new String(text, 0, length, StandardCharsets.UTF_8);
    }

    private static ByteBuffer view(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() {
        containers.close();
        containerRoutes.close();
    }
}
