package io.bpfguard.policy.compiled;

/**
 * What an event says of the rule that decided.
 *
 * @param number the number in {@link Verdict#rule()}, from 1, unique in one compilation
 * @param policy the policy's name
 * @param rule where the rule stands in the policy and what it is called, for people: {@code files[0] (no-shadow)}
 * @param mechanism how it is enforced, in the words of {@code explain}: {@code "lsm/file_open"}
 */
public record RuleInfo(int number, String policy, String rule, String mechanism) {}
