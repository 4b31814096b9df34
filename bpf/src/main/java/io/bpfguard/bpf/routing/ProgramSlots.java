package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.policy.compiled.CustomProgram;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The slots for custom programs in one hook's program array. What is in a slot is never changed while a chain can reach it: a new
 * program gets a free slot. Not thread-safe.
 */
final class ProgramSlots {
    private final Path array;
    /** What this agent loaded. */
    private final Map<CustomProgram, Integer> known = new HashMap<>();
    private final Set<Integer> taken = new HashSet<>();

    /** Takes over what is in the array pinned at {@code array}. */
    ProgramSlots(Path array) {
        this.array = array;
        try (BpfMap steps = BpfMap.openPinned(array)) {
            for (int slot = Layout.FIRST_PROGRAM_SLOT; slot < Layout.SLOTS; slot++) {
                if (steps.lookup(BpfMap.u32(slot)).isPresent()) {
                    taken.add(slot);
                }
            }
        }
    }

    /**
     * The program's slot, after loading it if need be.
     *
     * @throws ProgramRefused if the kernel does not accept it
     */
    int load(Libbpf libbpf, CustomProgram program, Hook hook, int hookNumber, Path maps) {
        Integer slot = known.get(program);
        if (slot != null) {
            return slot;
        }
        int free = free(hook);
        try (BpfMap steps = BpfMap.openPinned(array)) {
            CustomPrograms.put(libbpf, program, hookNumber, maps, steps, free);
        }
        taken.add(free);
        known.put(program, free);
        return free;
    }

    private int free(Hook hook) {
        for (int slot = Layout.FIRST_PROGRAM_SLOT; slot < Layout.SLOTS; slot++) {
            if (!taken.contains(slot)) {
                return slot;
            }
        }
        throw new RoutingException("the policies in force put " + (Layout.SLOTS - Layout.FIRST_PROGRAM_SLOT) + " custom programs, or programs with different"
                + " parameters, at " + hook.label() + ", which is all that it has room for; merge some");
    }

    /** The slot of a program that was loaded. */
    int of(CustomProgram program) {
        return known.get(program);
    }

    /** Takes all programs away but those in used slots and those to keep. No decision may still be on its way to the others. */
    void retain(Set<Integer> used, Set<CustomProgram> kept) {
        known.entrySet().removeIf(entry -> !used.contains(entry.getValue()) && !kept.contains(entry.getKey()));
        Set<Integer> gone = new HashSet<>(taken);
        gone.removeAll(used);
        gone.removeAll(known.values());
        if (gone.isEmpty()) {
            return;
        }
        try (BpfMap steps = BpfMap.openPinned(array)) {
            gone.forEach(slot -> steps.delete(BpfMap.u32(slot)));
        }
        taken.removeAll(gone);
    }
}
