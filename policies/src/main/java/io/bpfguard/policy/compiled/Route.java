package io.bpfguard.policy.compiled;

import java.util.Map;

/**
 * What is enforced on a container: a chain for each hook point where something is. Hook points without a chain let
 * everything pass.
 *
 * @param chains by hook point
 */
public record Route(Map<HookPoint, Chain> chains) {
    /** Nothing is enforced. */
    public static final Route EMPTY = new Route(Map.of());

    public Route {
        chains = Map.copyOf(chains);
    }
}
