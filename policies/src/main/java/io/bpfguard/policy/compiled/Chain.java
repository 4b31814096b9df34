package io.bpfguard.policy.compiled;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The steps that run for one container at one hook point, in order; the first that prevents ends the chain.
 *
 * @param steps 1 to {@value #MAX_STEPS} steps
 */
public record Chain(List<Step> steps) {
    /** The kernel follows at most 33 tail calls; the router's is one. */
    public static final int MAX_STEPS = 32;

    public Chain {
        steps = List.copyOf(steps);
        if (steps.isEmpty() || steps.size() > MAX_STEPS) {
            throw new IllegalArgumentException("a chain has 1 to " + MAX_STEPS + " steps, not " + steps.size());
        }
    }

    /** The matchers of its steps. */
    public Set<Matcher> matchers() {
        return steps.stream().map(Step::matcher).collect(Collectors.toUnmodifiableSet());
    }

    /** The custom programs of its steps. */
    public Set<CustomProgram> programs() {
        return steps.stream().flatMap(step -> step.program().stream()).collect(Collectors.toUnmodifiableSet());
    }
}
