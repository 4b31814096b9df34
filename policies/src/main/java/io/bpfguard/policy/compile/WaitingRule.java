package io.bpfguard.policy.compile;

import io.bpfguard.policy.compiled.KernelFunction;

/**
 * A rule, or a part of one, that waits for a module of the kernel to be loaded.
 *
 * @param policy the policy's name
 * @param rule where the rule stands and what it is called
 * @param function the function, with its module
 */
public record WaitingRule(String policy, String rule, KernelFunction function) {}
