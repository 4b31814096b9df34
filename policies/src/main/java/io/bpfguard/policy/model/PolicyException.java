package io.bpfguard.policy.model;

import java.util.List;
import java.util.stream.Collectors;

/** Policies are refused; says all that was found wrong in one pass. Nothing was changed anywhere. */
public final class PolicyException extends Exception {
    private final transient List<Problem> problems;

    /** Takes at least one problem; they are kept in the order of their places. */
    public PolicyException(List<Problem> problems) {
        super(problems.stream().sorted().map(Problem::toString).collect(Collectors.joining("\n")));
        if (problems.isEmpty()) {
            throw new IllegalArgumentException("a refusal without a reason");
        }
        this.problems = problems.stream().sorted().toList();
    }

    /** What is wrong, by place. */
    public List<Problem> problems() {
        return problems;
    }
}
