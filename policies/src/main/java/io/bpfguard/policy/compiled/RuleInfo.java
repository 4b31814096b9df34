package io.bpfguard.policy.compiled;

import java.util.List;

/**
 * What an event says of the rule that decided.
 *
 * @param number the number in {@link Verdict#rule()}, from 1, unique in one compilation
 * @param policy the policy's name
 * @param rule where the rule stands in the policy and what it is called, for people: {@code files[0] (no-shadow)}
 * @param mechanisms how it is enforced, in the words of {@code explain}: {@code "lsm/file_open"}
 */
public record RuleInfo(int number, String policy, String rule, List<String> mechanisms) {
    public RuleInfo {
        mechanisms = List.copyOf(mechanisms);
    }

    /** The mechanism that acts at a hook, by the name that mechanisms begin with: {@code "lsm/file_open"}. */
    public String mechanismAt(String hook) {
        return mechanisms.stream().filter(mechanism -> mechanism.equals(hook) || mechanism.startsWith(hook + " ")).findFirst().orElse(hook);
    }
}
