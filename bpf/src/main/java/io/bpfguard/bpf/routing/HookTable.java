package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfLink;
import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.BpfObject;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Step;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The attached routers, each with its program array, pinned below {@code hooks/NUMBER-LABEL/}. The number is the hook's
 * index in every route. Not thread-safe.
 */
final class HookTable {
    private static final Map<Matcher, String> PROGRAMS = Map.of(
            Matcher.PATH, "match_path",
            Matcher.MOUNT, "match_mount",
            Matcher.CAPABILITY, "match_capability",
            Matcher.SYSTEM_CALL, "match_system_call",
            Matcher.ALWAYS, "match_always",
            Matcher.ADDRESS, "match_address",
            Matcher.ALIAS, "match_alias",
            Matcher.SIGNAL, "match_signal",
            Matcher.PROCESS_FILE, "match_process_file");

    /** In an object of its own. */
    private static final String ARGUMENTS_PROGRAM = "match_arguments";

    /**
     * Policies come back: each attaching and detaching rewrites kernel code and waits for every task. An unused router costs
     * the look for a chain, and only labelled tasks.
     */
    private static final Duration LINGER = Duration.ofMinutes(10);

    private final Libbpf libbpf;
    private final Path maps;
    private final Path directory;
    private final KernelAddresses addresses = new KernelAddresses(Path.of("/proc/kallsyms"));
    private final Map<Hook, Integer> numbers = new HashMap<>();
    /** By number, when the last route that used the hook went: {@link System#nanoTime}. */
    private final Map<Integer, Long> unusedSince = new HashMap<>();
    private Map<Hook, Set<CustomProgram>> kept = Map.of();
    /** Of the LSM hooks that had or have custom programs. */
    private final Map<Hook, ProgramSlots> slots = new HashMap<>();

    /** Takes over what is pinned below {@code directory}; a half-made entry of a process that died is removed. */
    HookTable(Libbpf libbpf, Path maps, Path directory) {
        this.libbpf = libbpf;
        this.maps = maps;
        this.directory = directory;
        reload();
    }

    /** Reads again what is pinned: after another process may have written. */
    void reload() {
        numbers.clear();
        slots.clear();
        for (Path entry : Pins.list(directory)) {
            String[] parts = entry.getFileName().toString().split("-", 2);
            Optional<Hook> hook = parts.length == 2 ? Hook.parse(parts[1]) : Optional.empty();
            if (hook.isPresent() && Files.exists(entry.resolve("link"))) {
                numbers.put(hook.get(), Integer.parseInt(parts[0]));
                if (hook.get().attachment() == Hook.Attachment.LSM) {
                    slots.put(hook.get(), new ProgramSlots(entry));
                }
            } else {
                Pins.remove(entry);
            }
        }
        unusedSince.keySet().retainAll(numbers.values());
    }

    /**
     * The hook's number, after attaching it if need be.
     *
     * @param matchers that its chains ask for
     * @param programs likewise
     * @throws ProgramRefused if the kernel does not accept one of the programs
     */
    int attach(Hook hook, Set<Matcher> matchers, Set<CustomProgram> programs) {
        int number = numbers.containsKey(hook) ? numbers.get(hook) : attachNew(hook, hook.program().isEmpty()
                ? (free, entry) -> attachRouter(hook, free, entry)
                // A custom program at a function is its own router.
                : (free, entry) -> CustomPrograms.attach(libbpf, programs.iterator().next(), hook, free, maps, entry.resolve("link")));
        if (hook.attachment() == Hook.Attachment.LSM) {
            if (matchers.contains(Matcher.ARGUMENTS)) {
                addArguments(hook, number);
            }
            programs.forEach(program -> slots(hook, number).load(libbpf, program, hook, number, maps));
        }
        return number;
    }

    private ProgramSlots slots(Hook hook, int number) {
        return slots.computeIfAbsent(hook, _ -> new ProgramSlots(entry(hook, number)));
    }

    /** The slot of a step's program in the hook's program array; a program at a function needs none. */
    int slot(Hook hook, Step step) {
        return step.program().filter(_ -> hook.attachment() == Hook.Attachment.LSM).map(program -> slots.get(hook).of(program))
                .orElse(step.matcher().ordinal());
    }

    private Path entry(Hook hook, int number) {
        return directory.resolve("%02d-%s".formatted(number, hook.label()));
    }

    /** What makes a hook's pins in its directory, which ends with the link. */
    private interface Attaching {
        void at(int number, Path entry);
    }

    /** Attaches under a free number; what was made is removed again where that fails. */
    private int attachNew(Hook hook, Attaching attaching) {
        int number = freeNumber(hook);
        Path entry = entry(hook, number);
        try {
            Files.createDirectories(entry);
            attaching.at(number, entry);
        } catch (IOException failure) {
            throw new UncheckedIOException("making " + entry, failure);
        } catch (RuntimeException failure) {
            Pins.remove(entry);
            throw failure;
        }
        numbers.put(hook, number);
        return number;
    }

    private void attachRouter(Hook hook, int number, Path entry) {
        try (BpfObject object = Programs.open(libbpf, hook.object(), maps)) {
            object.setConstant("hook_number", number);
            addresses.setIn(object);
            hook.function().ifPresent(_ -> object.setConstant("begins_system_call", hook.beginsSystemCall() ? 1 : 0));
            if (!hook.object().equals(hook.name())) {
                object.programs().forEach(program -> aim(object, program.name(), hook));
            }
            object.load();
            if (hook.attachment() == Hook.Attachment.LSM) {
                // Pinned: the kernel empties a program array when the last descriptor and pin of user space are gone.
                object.map("steps").pin(entry.resolve("steps"));
                PROGRAMS.forEach((matcher, program) -> {
                    if (object.programs().stream().anyMatch(definition -> definition.name().equals(program))) {
                        object.map("steps").update(BpfMap.u32(matcher.ordinal()), object.program(program));
                    }
                });
            }
            try (BpfLink link = object.program("router").attach()) {
                link.pin(entry.resolve("link"));
            }
        }
    }

    /** The matcher that few hooks need, and that costs more to load than all others which stand at any hook. */
    private void addArguments(Hook hook, int number) {
        try (BpfMap steps = BpfMap.openPinned(entry(hook, number).resolve("steps"))) {
            if (steps.lookup(BpfMap.u32(Matcher.ARGUMENTS.ordinal())).isPresent()) {
                return;
            }
            try (BpfObject object = Programs.open(libbpf, "any_hook_arguments", maps)) {
                object.setConstant("hook_number", number);
                addresses.setIn(object);
                object.reuse("steps", steps);
                aim(object, ARGUMENTS_PROGRAM, hook);
                object.load();
                steps.update(BpfMap.u32(Matcher.ARGUMENTS.ordinal()), object.program(ARGUMENTS_PROGRAM));
            }
        }
    }

    private static void aim(BpfObject object, String program, Hook hook) {
        Optional<KernelFunction> function = hook.function().filter(target -> !target.module().isEmpty());
        if (function.isPresent()) {
            object.setAttachTarget(program, function.get().module(), function.get().kernelName());
        } else {
            object.setAttachTarget(program, hook.name());
        }
    }

    private int freeNumber(Hook hook) {
        Set<Integer> taken = new TreeSet<>(numbers.values());
        for (int number = 1; number < Layout.HOOKS; number++) {
            if (!taken.contains(number)) {
                return number;
            }
        }
        throw new RoutingException("cannot attach " + hook.label() + ": the policies in force use all " + (Layout.HOOKS - 1)
                + " hooks and functions that a node can have; merge rules onto fewer of them");
    }

    /** From now on these stay attached, with these programs, whether a route uses them or not; no others do. */
    void keep(Map<Hook, Set<CustomProgram>> hooks) {
        kept = Map.copyOf(hooks);
    }

    /**
     * Detaches the hooks that are not kept and that no route has used for a while, and takes away the custom programs that are not
     * kept and that no route uses. No decision may still be on its way to those.
     *
     * @param used by number, the slots that the chains of routes name
     */
    void retain(Map<Integer, Set<Integer>> used) {
        long now = System.nanoTime();
        slots.forEach((hook, programs) -> programs.retain(used.getOrDefault(numbers.get(hook), Set.of()), kept.getOrDefault(hook, Set.of())));
        numbers.entrySet().removeIf(entry -> {
            int number = entry.getValue();
            if (used.containsKey(number) || kept.containsKey(entry.getKey())) {
                unusedSince.remove(number);
                return false;
            }
            if (entry.getKey().program().isEmpty() && now - unusedSince.computeIfAbsent(number, _ -> now) < LINGER.toNanos()) {
                return false;
            }
            unusedSince.remove(number);
            slots.remove(entry.getKey());
            Pins.remove(entry(entry.getKey(), number));
            return true;
        });
    }

    /** The attached hooks by number. */
    Map<Integer, String> attached() {
        Map<Integer, String> labels = new TreeMap<>();
        numbers.forEach((hook, number) -> labels.put(number, hook.place()));
        return labels;
    }
}
