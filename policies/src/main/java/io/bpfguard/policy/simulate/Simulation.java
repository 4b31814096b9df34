package io.bpfguard.policy.simulate;

import io.bpfguard.policy.check.FamilyArguments;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.compiled.Chain;
import io.bpfguard.policy.compiled.FunctionProgram;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.Step;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.PolicyException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Function;

/**
 * Answers what a route says of an attempt. An attempt comes by hooks, and at each by the chain's steps; the first that prevents
 * ends the chain as it does in the kernel, and what remains is the strongest verdict of those that are about it.
 */
public final class Simulation {
    private final Route route;
    private Verdict strongest = Verdict.NONE;
    private final List<Answer.Asked> asked = new ArrayList<>();

    private Simulation(Route route) {
        this.route = route;
    }

    /**
     * An answer for each way to do it, at least one.
     *
     * @param node for which the route was made
     * @throws PolicyException if the attempt names something of the kernel that this node does not have
     */
    public static List<Answer> of(Route route, Attempt attempt, NodeCapabilities node) throws PolicyException {
        return ways(route, attempt, node).stream().map(way -> new Simulation(route).answer(way)).toList();
    }

    private static List<Way> ways(Route route, Attempt attempt, NodeCapabilities node) throws PolicyException {
        return switch (attempt) {
            case Attempt.UseFile use -> FilePassages.of(use, node);
            case Attempt.Mount mount -> List.of(FilePassages.of(mount));
            case Attempt.UseCapability(int number) ->
                List.of(Way.inOrder("", Passage.at(LsmHook.CAPABLE).ask(Matcher.CAPABILITY, verdicts -> verdicts.capability(number))));
            case Attempt.UseSocket use -> List.of(new SocketPassages(use).way());
            case Attempt.SendSignal signal -> List.of(signal(signal));
            case Attempt.UseFamily use -> NamedWays.of(use);
            case Attempt.UseSystemCall use -> List.of(CallPassages.of(use, route, node));
            case Attempt.Call call -> List.of(CallPassages.of(call, node));
        };
    }

    private static Way signal(Attempt.SendSignal signal) {
        return Way.inOrder("", Passage.at("task_kill").askOfCall(Map.of(FamilyArguments.SIGNAL, (long) signal.number()))
                .ask(Matcher.SIGNAL, verdicts -> verdicts.signal(signal.number(), signal.target())));
    }

    private Answer answer(Way way) {
        for (Passage passage : way.passages()) {
            for (Map.Entry<HookPoint, Chain> entry : route.chains().entrySet()) {
                if (isAt(passage.point(), entry.getKey())) {
                    walk(passage, entry.getValue());
                }
            }
            if (way.isInOrder() && strongest.prevents()) {
                break;
            }
        }
        return new Answer(way.name(), strongest, asked);
    }

    /** A function has a place of its own for each custom program. */
    private static boolean isAt(HookPoint passed, HookPoint point) {
        return point instanceof FunctionProgram program ? program.function().equals(passed) : point.equals(passed);
    }

    private void walk(Passage passage, Chain chain) {
        for (Step step : chain.steps()) {
            Verdicts verdicts = new Verdicts(step.ruleset());
            if (step.program().isPresent()) {
                asked.add(new Answer.Asked(step.program().get(), passage.point().kernelName(), verdicts.program()));
                continue;
            }
            Function<Verdicts, Verdict> question = passage.questions().get(step.matcher());
            Verdict verdict = question == null ? Verdict.NONE : question.apply(verdicts);
            strongest = BinaryOperator.maxBy(Verdict.WEAKEST_FIRST).apply(strongest, verdict);
            if (verdict.prevents()) {
                return;
            }
        }
    }
}
