package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfMap;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Routes and chains as the kernel has them ({@code struct route} and {@code struct chain} in route.h), for reading.
 *
 * @param routes stays the caller's
 * @param chains likewise
 */
record RouteMaps(BpfMap routes, BpfMap chains) {
    /** {@code STEP_ENFORCES} in route.h. */
    static final short STEP_ENFORCES = 1;
    private static final int CHAIN_HEAD = 8;
    private static final int STEP_SIZE = 8;

    /**
     * {@code struct step}.
     *
     * @param ruleset the number of its tables
     * @param slot of its program, in the hook's program array
     * @param enforces whether its tables can prevent something
     */
    record LoadedStep(int ruleset, int slot, boolean enforces) {}

    /** The number of a route's chain for each hook number; 0 for none. */
    int[] chainsByHook(int route) {
        ByteBuffer value = BpfMap.view(routes.lookup(BpfMap.u32(route)).orElseThrow());
        int[] byHook = new int[Layout.HOOKS];
        for (int hook = 0; hook < Layout.HOOKS; hook++) {
            byHook[hook] = value.getInt(hook * Integer.BYTES);
        }
        return byHook;
    }

    /** A chain's steps, in order. */
    List<LoadedStep> steps(int chain) {
        ByteBuffer value = BpfMap.view(chains.lookup(BpfMap.u32(chain)).orElseThrow());
        List<LoadedStep> found = new ArrayList<>();
        int count = Math.min(value.getInt(), Layout.STEPS);
        for (int step = 0; step < count; step++) {
            int at = CHAIN_HEAD + step * STEP_SIZE;
            short flags = value.getShort(at + Integer.BYTES + Short.BYTES);
            found.add(new LoadedStep(value.getInt(at), value.getShort(at + Integer.BYTES), (flags & STEP_ENFORCES) != 0));
        }
        return found;
    }
}
