package io.bpfguard.policy.simulate;

import io.bpfguard.policy.check.GivenArguments;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.check.PassedPoints;
import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.Problem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Calls of the kernel by name, with what is known of their arguments. */
final class CallPassages {
    private CallPassages() {}

    /**
     * An LSM hook or a kernel function.
     *
     * @throws PolicyException if the node has none of this name, or it has no such arguments
     */
    static Way of(Attempt.Call call, NodeCapabilities node) throws PolicyException {
        List<Problem> problems = new ArrayList<>();
        PassedPoints.absence(call.point(), node).ifPresent(reason -> problems.add(Problem.at(call.at(), reason)));
        List<Passage> passages = new ArrayList<>();
        for (HookPoint point : PassedPoints.ofCall(call.point(), node)) {
            // By another name of the same call some of the arguments may not be there.
            boolean isNamed = point.equals(call.point());
            passages.add(Passage.at(point).askOfCall(GivenArguments.ofCall(point, call.arguments(), node, isNamed ? problems : new ArrayList<>())));
        }
        throwIfAny(problems);
        return Way.together(passages);
    }

    /**
     * A system call: at its own functions, and at whatever hooks rules name it. Which hooks it comes by besides is not known, so
     * all programs at hooks count as asked.
     *
     * @throws PolicyException if it has no such arguments
     */
    static Way of(Attempt.UseSystemCall use, Route route, NodeCapabilities node) throws PolicyException {
        List<Problem> problems = new ArrayList<>();
        Map<Extractor, Object> known = new HashMap<>(GivenArguments.ofSystemCall(use.call(), use.compat(), use.arguments(), problems));
        throwIfAny(problems);
        int number = (use.compat() ? use.call().number32() : use.call().number64()).orElseThrow();
        known.put(Extractor.SYSTEM_CALL, Extractor.systemCall(number, use.compat()));
        List<Passage> passages = new ArrayList<>();
        for (HookPoint point : route.chains().keySet()) {
            if (point instanceof LsmHook hook) {
                passages.add(Passage.at(hook).ask(Matcher.SYSTEM_CALL, verdicts -> verdicts.systemCall(number, use.compat()))
                        .ask(Matcher.ARGUMENTS, verdicts -> ofCaller(verdicts, known)));
            }
        }
        for (KernelFunction function : PassedPoints.entries(use.call(), use.compat(), node)) {
            passages.add(Passage.at(function).askOfCall(known));
        }
        return Way.together(passages);
    }

    /** Rules that do not ask for the call in progress say nothing of it. */
    private static Verdict ofCaller(Verdicts verdicts, Map<Extractor, Object> known) {
        return verdicts.extractors().contains(Extractor.SYSTEM_CALL) ? verdicts.certain(known) : Verdict.NONE;
    }

    private static void throwIfAny(List<Problem> problems) throws PolicyException {
        if (!problems.isEmpty()) {
            throw new PolicyException(problems);
        }
    }
}
