package io.bpfguard.policy.simulate;

import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.RuleInfo;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.Errno;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.select.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Runs the cases of a test against its policies. */
public final class TestRun {
    /**
     * How a case ended.
     *
     * @param test the case
     * @param said what the policies say, for people
     * @param passed whether that is what was expected
     */
    public record Outcome(PolicyTest.Case test, String said, boolean passed) {}

    private TestRun() {}

    /**
     * One outcome per case, in their order.
     *
     * @throws PolicyException if the policies for a container are too large together
     */
    public static List<Outcome> run(PolicyTest test, CheckedPolicies policies, Compiler compiler) throws PolicyException {
        List<Outcome> outcomes = new ArrayList<>();
        for (PolicyTest.Case one : test.cases()) {
            List<ContainerPolicy> selected = Selector.select(policies, one.container());
            Verdict verdict = Simulation.of(compiler.route(selected), one.attempt());
            Optional<RuleInfo> rule = verdict.rule() == 0 ? Optional.empty() : Optional.of(compiler.rule(verdict.rule()));
            outcomes.add(new Outcome(one, words(verdict, rule, selected), meets(verdict, rule, one.expected())));
        }
        return outcomes;
    }

    private static boolean meets(Verdict verdict, Optional<RuleInfo> rule, PolicyTest.Expectation expected) {
        return verdict.action() == expected.action()
                && (expected.errno().isEmpty() || expected.errno().getAsInt() == verdict.errno())
                && (expected.rule().isEmpty() || rule.map(RuleInfo::rule)
                        .filter(label -> label.equals(expected.rule().get()) || label.startsWith(expected.rule().get() + " (")
                                || label.endsWith(" (" + expected.rule().get() + ")")).isPresent());
    }

    private static String words(Verdict verdict, Optional<RuleInfo> rule, List<ContainerPolicy> selected) {
        String what = verdict.action().name().toLowerCase(Locale.ROOT)
                + (verdict.action() == Action.DENY ? " with " + Errno.name(verdict.errno()) : "");
        return rule.map(info -> what + " by policy " + info.policy() + ", " + info.rule())
                .orElse(selected.isEmpty() ? what + ", no policy is for this container" : what + ", no rule is about it");
    }
}
