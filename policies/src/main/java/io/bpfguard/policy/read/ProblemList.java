package io.bpfguard.policy.read;

import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.Problem;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong while reading goes on. */
final class ProblemList {
    private final List<Problem> problems = new ArrayList<>();

    void add(Position at, String message) {
        problems.add(Problem.at(at, message));
    }

    int size() {
        return problems.size();
    }

    void throwIfAny() throws PolicyException {
        if (!problems.isEmpty()) {
            throw new PolicyException(problems);
        }
    }
}
