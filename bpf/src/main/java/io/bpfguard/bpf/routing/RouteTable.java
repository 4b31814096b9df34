package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.routing.RouteMaps.LoadedStep;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Chain;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.Ruleset;
import io.bpfguard.policy.compiled.Step;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Rulesets, chains and routes in the kernel. What is written is never changed: new ones are put beside the old, and the
 * numbers of old ones are used again only after a grace period ({@link #retain}). Not thread-safe.
 */
final class RouteTable {
    private final BpfMap routes;
    private final BpfMap chains;
    private final BpfMap rulesets;
    private final RouteMaps maps;
    private final HookTable hooks;
    private final Numbers routeNumbers;
    private final Numbers chainNumbers;
    private final Numbers rulesetNumbers;
    private final Contents contents;
    /** Numbers that are free, but whose tables are still in the kernel. */
    private final Set<Integer> stale = new HashSet<>();
    /** Whether those are among them that an earlier process left. */
    private boolean foundStale;

    RouteTable(BpfMap routes, BpfMap chains, BpfMap rulesets, HookTable hooks, Contents contents) {
        this.contents = contents;
        this.routes = routes;
        this.chains = chains;
        this.rulesets = rulesets;
        this.maps = new RouteMaps(routes, chains);
        this.hooks = hooks;
        routeNumbers = new Numbers(routes.info().maxEntries(), "route");
        chainNumbers = new Numbers(chains.info().maxEntries(), "chain");
        rulesetNumbers = new Numbers(rulesets.info().maxEntries(), "ruleset");
    }

    /** Marks as taken what is in the kernel and can be used: after another process may have written. */
    void reload(Set<Integer> used) {
        routeNumbers.clear();
        chainNumbers.clear();
        rulesetNumbers.clear();
        used.forEach(this::mark);
        contents.routes().forEach(this::mark);
        contents.rulesets().forEach(rulesetNumbers::mark);
        stale.removeIf(rulesetNumbers::isTaken);
    }

    private void mark(int route) {
        if (route == 0 || routeNumbers.isTaken(route)) {
            return;
        }
        routeNumbers.mark(route);
        for (int chain : chainsOf(route)) {
            chainNumbers.mark(chain);
            maps.steps(chain).forEach(step -> rulesetNumbers.mark(step.ruleset()));
        }
    }

    /** The route's number, after loading it and attaching its hooks if need be; 0 for one that is empty. */
    int load(KeyedRoute keyed) {
        OptionalInt known = contents.route(keyed.key());
        if (known.isPresent()) {
            return known.getAsInt();
        }
        int number = keyed.route().chains().isEmpty() ? 0 : load(keyed.route());
        contents.putRoute(keyed.key(), number);
        return number;
    }

    private int load(Route route) {
        ByteBuffer value = ByteBuffer.allocate(Layout.ROUTE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        for (Map.Entry<HookPoint, Chain> entry : route.chains().entrySet()) {
            check(entry.getKey(), entry.getValue());
            Chain chain = entry.getValue();
            Hook hook = Hook.of(entry.getKey(), chain);
            int hookNumber = hooks.attach(hook, chain.matchers(), chain.programs());
            value.putInt(hookNumber * Integer.BYTES, loadChain(hook, chain));
        }
        int number = routeNumbers.take();
        putVerified(routes, number, value.array(), "route");
        return number;
    }

    private static void check(HookPoint point, Chain chain) {
        if (point instanceof LsmHook hook) {
            chain.steps().forEach(step -> {
                if (!hook.matchers().contains(step.matcher())) {
                    throw new IllegalArgumentException("hook " + hook.kernelName() + " has no matcher " + step.matcher());
                }
            });
        }
    }

    private int loadChain(Hook hook, Chain chain) {
        ByteBuffer value = ByteBuffer.allocate(Layout.CHAIN_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        value.putInt(chain.steps().size()).putInt(0);
        for (Step step : chain.steps()) {
            value.putInt(loadRuleset(step.ruleset()));
            value.putShort((short) hooks.slot(hook, step));
            value.putShort(RulesetView.strongest(step.ruleset()).compareTo(Action.DENY) >= 0 ? RouteMaps.STEP_ENFORCES : 0);
        }
        int number = chainNumbers.take();
        putVerified(chains, number, value.array(), "chain");
        return number;
    }

    private int loadRuleset(Ruleset ruleset) {
        OptionalInt known = contents.ruleset(ruleset);
        if (known.isPresent()) {
            return known.getAsInt();
        }
        byte[] image = ruleset.image();
        int blocks = Math.ceilDiv(image.length, Layout.BLOCK_SIZE);
        int number = rulesetNumbers.take();
        try (BpfMap map = newBlocks(blocks)) {
            for (int block = 0; block < blocks; block++) {
                map.update(BpfMap.u32(block), Arrays.copyOfRange(image, block * Layout.BLOCK_SIZE, (block + 1) * Layout.BLOCK_SIZE));
            }
            map.freeze();
            rulesets.update(BpfMap.u32(number), map);
        }
        stale.remove(number);
        contents.putRuleset(ruleset, number);
        return number;
    }

    private static BpfMap newBlocks(int blocks) {
        return BpfMap.create(BpfMap.Type.ARRAY, "ruleset", Integer.BYTES, Layout.BLOCK_SIZE, blocks, BpfMap.BPF_F_INNER_MAP);
    }

    private static void putVerified(BpfMap map, int number, byte[] value, String what) {
        map.update(BpfMap.u32(number), value);
        byte[] read = map.lookup(BpfMap.u32(number)).orElse(new byte[0]);
        if (!Arrays.equals(read, value)) {
            throw new RoutingException(what + " " + number + " does not read back as it was written: another program writes BPFGuard's maps");
        }
    }

    /**
     * Frees everything but these routes and what they use, after every decision that could still use the rest has ended.
     */
    void retain(Set<Integer> used) {
        // An update of a map of maps returns after a grace period (maybe_wait_bpf_programs, kernel/bpf/syscall.c), and a
        // decision is one RCU read-side section from its router to its last step.
        putBarrier();
        Set<Integer> usedChains = new HashSet<>();
        Set<Integer> usedRulesets = new HashSet<>();
        Map<Integer, Set<Integer>> usedSlots = new HashMap<>();
        for (int route : used) {
            // Route 0, which has no chains, is among them where a set of policies comes to nothing.
            int[] perHook = maps.chainsByHook(route);
            for (int hook = 0; hook < perHook.length; hook++) {
                if (perHook[hook] != 0) {
                    usedChains.add(perHook[hook]);
                    for (LoadedStep step : maps.steps(perHook[hook])) {
                        usedRulesets.add(step.ruleset());
                        usedSlots.computeIfAbsent(hook, _ -> new HashSet<>()).add(step.slot());
                    }
                }
            }
        }
        contents.retainRoutes(used::contains);
        contents.retainRulesets(usedRulesets::contains);
        release(routeNumbers, used);
        release(chainNumbers, usedChains);
        rulesetNumbers.all().stream().filter(number -> !usedRulesets.contains(number)).forEach(number -> {
            rulesetNumbers.release(number);
            stale.add(number);
        });
        hooks.retain(usedSlots);
    }

    private void findStale() {
        for (int number = 1; number < rulesets.info().maxEntries(); number++) {
            if (!rulesetNumbers.isTaken(number) && rulesets.lookup(BpfMap.u32(number)).isPresent()) {
                stale.add(number);
            }
        }
    }

    /** Gives back the memory of rulesets that nothing uses. Apart from {@link #retain}, because the kernel waits for a grace period at each. */
    void sweep() {
        if (!foundStale) {
            findStale();
            foundStale = true;
        }
        stale.forEach(number -> rulesets.delete(BpfMap.u32(number)));
        stale.clear();
    }

    private static void release(Numbers numbers, Set<Integer> used) {
        numbers.all().stream().filter(number -> !used.contains(number)).forEach(numbers::release);
    }

    private void putBarrier() {
        try (BpfMap nothing = newBlocks(1)) {
            rulesets.update(BpfMap.u32(0), nothing);
        }
    }

    private Set<Integer> chainsOf(int route) {
        Set<Integer> found = new HashSet<>();
        Arrays.stream(maps.chainsByHook(route)).filter(chain -> chain != 0).forEach(found::add);
        return found;
    }
}
