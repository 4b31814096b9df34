package io.bpfguard.policy.simulate;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.select.ContainerFacts;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A test of policies.
 *
 * @param name what its author calls it
 * @param policies files with the policies, as seen from the test's own directory
 * @param cases what is tried, and what should come of it
 */
public record PolicyTest(String name, List<Located<String>> policies, List<Case> cases) {
    /**
     * One attempt.
     *
     * @param name what its author calls it; where there is none, what is done
     * @param container by whom
     * @param attempt what is done
     * @param expected what should come of it
     * @param at where the case begins
     */
    public record Case(String name, ContainerFacts container, Attempt attempt, Expectation expected, Position at) {}

    /**
     * What should come of an attempt.
     *
     * @param action the verdict
     * @param errno of a denial, where the test says so
     * @param rule the rule that decides, by name or as {@code files[0]}, where the test says so
     */
    public record Expectation(Action action, OptionalInt errno, Optional<String> rule) {}

    public PolicyTest {
        policies = List.copyOf(policies);
        cases = List.copyOf(cases);
    }
}
