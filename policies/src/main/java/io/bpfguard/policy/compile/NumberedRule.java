package io.bpfguard.policy.compile;

import io.bpfguard.policy.check.Enforcement;
import io.bpfguard.policy.compiled.RuleInfo;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.model.Position;

/**
 * One enforcement of one rule, with the number that events carry.
 *
 * @param info for events
 * @param enforcement what it comes to in the kernel
 * @param at where the rule stands
 */
record NumberedRule(RuleInfo info, Enforcement enforcement, Position at) {
    Verdict verdict() {
        return new Verdict(enforcement.action(), enforcement.errno(), info.number());
    }
}
