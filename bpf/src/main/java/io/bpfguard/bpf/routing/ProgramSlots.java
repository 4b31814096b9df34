package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.policy.compiled.CustomProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The slots for custom programs in one hook's program array. What is in a slot is never changed while a chain can reach it: a new
 * program gets a free slot. Each is pinned as {@code programs/SLOT-DIGEST} as well, so every process knows which is where. Not
 * thread-safe.
 */
final class ProgramSlots {
    private final Path array;
    private final Path pins;
    private final Map<String, Integer> known = new HashMap<>();
    private final Set<Integer> taken = new HashSet<>();

    /** Takes over what is in the array pinned in the hook's directory. */
    ProgramSlots(Path entry) {
        this.array = entry.resolve("steps");
        this.pins = entry.resolve("programs");
        try (BpfMap steps = BpfMap.openPinned(array)) {
            for (int slot = Layout.FIRST_PROGRAM_SLOT; slot < Layout.SLOTS; slot++) {
                if (steps.lookup(BpfMap.u32(slot)).isPresent()) {
                    taken.add(slot);
                }
            }
        }
        for (Path pin : Pins.list(pins)) {
            String[] parts = pin.getFileName().toString().split("-", 2);
            int slot = Integer.parseInt(parts[0]);
            if (taken.contains(slot)) {
                known.put(parts[1], slot);
            } else {
                Pins.remove(pin);
            }
        }
    }

    /**
     * The program's slot, after loading it if need be.
     *
     * @throws ProgramRefused if the kernel does not accept it
     */
    int load(Libbpf libbpf, CustomProgram program, Hook hook, int hookNumber, Path maps) {
        Integer slot = known.get(Hook.digest(program));
        if (slot != null) {
            return slot;
        }
        int free = free(hook);
        Path pin = pin(Hook.digest(program), free);
        try (BpfMap steps = BpfMap.openPinned(array)) {
            Files.createDirectories(pins);
            CustomPrograms.put(libbpf, program, hookNumber, maps, steps, free, pin);
        } catch (IOException failure) {
            throw new UncheckedIOException("making " + pins, failure);
        }
        taken.add(free);
        known.put(Hook.digest(program), free);
        return free;
    }

    private Path pin(String digest, int slot) {
        return pins.resolve("%02d-%s".formatted(slot, digest));
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
        return known.get(Hook.digest(program));
    }

    /** Takes all programs away but those in used slots and those to keep. No decision may still be on its way to the others. */
    void retain(Set<Integer> used, Set<CustomProgram> kept) {
        Set<String> keptDigests = kept.stream().map(Hook::digest).collect(Collectors.toSet());
        known.entrySet().removeIf(entry -> {
            boolean goes = !used.contains(entry.getValue()) && !keptDigests.contains(entry.getKey());
            if (goes) {
                Pins.remove(pin(entry.getKey(), entry.getValue()));
            }
            return goes;
        });
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
