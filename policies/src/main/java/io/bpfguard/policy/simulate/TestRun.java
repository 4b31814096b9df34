package io.bpfguard.policy.simulate;

import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.RuleInfo;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.Errno;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.Problem;
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
     * @param compiler of these policies for this node
     * @throws PolicyException if the policies for a container are too large together, or a case names something of the kernel that
     *     the node does not have
     */
    public static List<Outcome> run(PolicyTest test, CheckedPolicies policies, Compiler compiler, NodeCapabilities node) throws PolicyException {
        List<Outcome> outcomes = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        for (PolicyTest.Case one : test.cases()) {
            List<ContainerPolicy> selected = Selector.select(policies, one.container());
            Route route = compiler.route(selected);
            try {
                outcomes.add(outcome(one, Simulation.of(route, one.attempt(), node), compiler, selected.isEmpty()));
            } catch (PolicyException e) {
                problems.addAll(e.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new PolicyException(problems);
        }
        return outcomes;
    }

    /** A case passes if every way to do it comes to what was expected, whatever custom programs answer. */
    private static Outcome outcome(PolicyTest.Case test, List<Answer> answers, Compiler compiler, boolean isFree) {
        Optional<Answer> other = answers.stream()
                .filter(answer -> !answer.possible().stream().allMatch(verdict -> meets(verdict, rule(verdict, compiler), test.expected()))).findFirst();
        Answer shown = other.orElse(answers.getFirst());
        boolean isAlike = answers.stream().allMatch(answer -> answer.verdict().equals(shown.verdict()) && answer.asked().equals(shown.asked()));
        StringBuilder said = new StringBuilder(isAlike || shown.way().isEmpty() || other.isEmpty() ? "" : shown.way() + ": ");
        said.append(words(shown.verdict(), compiler, isFree));
        shown.asked().forEach(asked -> said.append("; but the custom program ").append(asked.program().name()).append(" at ").append(asked.at())
                .append(" is asked, whose answer is not known here: ").append(words(asked.verdict(), compiler, isFree)).append(" where it says yes"));
        return new Outcome(test, said.toString(), other.isEmpty());
    }

    private static Optional<RuleInfo> rule(Verdict verdict, Compiler compiler) {
        return verdict.rule() == 0 ? Optional.empty() : Optional.of(compiler.rules().get(verdict.rule()));
    }

    private static boolean meets(Verdict verdict, Optional<RuleInfo> rule, PolicyTest.Expectation expected) {
        return verdict.action() == expected.action()
                && (expected.errno().isEmpty() || expected.errno().getAsInt() == verdict.errno())
                && (expected.rule().isEmpty() || rule.map(RuleInfo::rule)
                        .filter(label -> label.equals(expected.rule().get()) || label.startsWith(expected.rule().get() + " (")
                                || label.endsWith(" (" + expected.rule().get() + ")")).isPresent());
    }

    private static String words(Verdict verdict, Compiler compiler, boolean isFree) {
        String what = verdict.action().name().toLowerCase(Locale.ROOT)
                + (verdict.action() == Action.DENY ? " with " + Errno.name(verdict.errno()) : "");
        return rule(verdict, compiler).map(info -> what + " by policy " + info.policy() + ", " + info.rule())
                .orElse(isFree ? what + ", no policy is for this container" : what + ", no rule is about it");
    }
}
