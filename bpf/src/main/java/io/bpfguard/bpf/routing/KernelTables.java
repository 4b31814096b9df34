package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.policy.compiled.Matcher;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The routing tables as the kernel has them, read back from its maps without touching anything: what a decision of a container
 * would run through.
 *
 * @param policies what is in force; empty before there were policies
 * @param containers all of them
 * @param routes those that containers have, by number
 */
public record KernelTables(Optional<InForce> policies, List<ContainerState> containers, List<LoadedRoute> routes) {
    public KernelTables {
        containers = List.copyOf(containers);
        routes = List.copyOf(routes);
    }

    /**
     * A route.
     *
     * @param containers the slots of those that have it
     * @param chains one for each hook where something is enforced
     */
    public record LoadedRoute(int number, List<Integer> containers, List<LoadedChain> chains) {}

    /**
     * A chain.
     *
     * @param hook {@code lsm-file_open}
     * @param steps in the order in which they run
     */
    public record LoadedChain(String hook, int number, List<Step> steps) {}

    /**
     * A step of a chain.
     *
     * @param program the matcher, or {@code program-} and a slot for a custom program
     * @param ruleset the number of its tables; several chains may share them
     * @param size of the tables in the kernel, in bytes, whole blocks; 0 if they are not there, which denies
     * @param prevents whether the tables can prevent something
     */
    public record Step(String program, int ruleset, long size, boolean prevents) {}

    /** Reads the state below {@code root}; empty where there is none. */
    public static Optional<KernelTables> read(Path root) {
        if (!RoutingState.exists(root)) {
            return Optional.empty();
        }
        Path pins = root.resolve("maps");
        RoutingState.requireSameBuild(pins);
        try (BpfMap containers = BpfMap.openPinned(pins.resolve("containers"));
                BpfMap containerRoutes = BpfMap.openPinned(pins.resolve("container_routes"));
                BpfMap expected = BpfMap.openPinned(pins.resolve("expected"));
                BpfMap cgroups = BpfMap.openPinned(pins.resolve("cgroups"));
                BpfMap routes = BpfMap.openPinned(pins.resolve("routes"));
                BpfMap chains = BpfMap.openPinned(pins.resolve("chains"));
                BpfMap rulesets = BpfMap.openPinned(pins.resolve("rulesets"));
                BpfMap inForce = BpfMap.openPinned(pins.resolve(InForce.MAP));
                ContainerTable table = new ContainerTable(containers, containerRoutes, expected, cgroups)) {
            List<ContainerState> states = table.all();
            Map<Integer, List<Integer>> slots = new TreeMap<>();
            states.stream().filter(state -> state.route() != 0).forEach(state -> slots.computeIfAbsent(state.route(), _ -> new ArrayList<>()).add(state.slot()));
            Map<Integer, String> hooks = hooks(root.resolve("hooks"));
            RouteMaps maps = new RouteMaps(routes, chains);
            List<LoadedRoute> loaded = new ArrayList<>();
            slots.forEach((number, used) -> loaded.add(new LoadedRoute(number, List.copyOf(used), chains(maps, number, hooks, rulesets))));
            return Optional.of(new KernelTables(InForce.read(inForce), states, loaded));
        }
    }

    private static Map<Integer, String> hooks(Path pins) {
        Map<Integer, String> hooks = new HashMap<>();
        for (Path entry : Pins.list(pins)) {
            String[] parts = entry.getFileName().toString().split("-", 2);
            hooks.put(Integer.parseInt(parts[0]), parts[1]);
        }
        return hooks;
    }

    private static List<LoadedChain> chains(RouteMaps maps, int route, Map<Integer, String> hooks, BpfMap rulesets) {
        List<LoadedChain> found = new ArrayList<>();
        int[] byHook = maps.chainsByHook(route);
        for (int hook = 0; hook < byHook.length; hook++) {
            if (byHook[hook] != 0) {
                List<Step> steps = maps.steps(byHook[hook]).stream().map(step -> new Step(program(step.slot()), step.ruleset(),
                        size(rulesets, step.ruleset()), step.enforces())).toList();
                found.add(new LoadedChain(hooks.getOrDefault(hook, "hook-" + hook), byHook[hook], steps));
            }
        }
        return found;
    }

    private static String program(int slot) {
        Matcher[] matchers = Matcher.values();
        return slot >= 0 && slot < matchers.length && matchers[slot] != Matcher.PROGRAM ? matchers[slot].name().toLowerCase(Locale.ROOT) : "program-" + slot;
    }

    private static long size(BpfMap rulesets, int number) {
        // An outer map tells the id of what is in it.
        return rulesets.lookup(BpfMap.u32(number)).map(id -> {
            try (BpfMap blocks = BpfMap.openId(BpfMap.view(id).getInt())) {
                return (long) blocks.info().maxEntries() * Layout.BLOCK_SIZE;
            }
        }).orElse(0L);
    }
}
