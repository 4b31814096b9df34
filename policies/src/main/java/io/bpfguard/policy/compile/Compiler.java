package io.bpfguard.policy.compile;

import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Enforcement;
import io.bpfguard.policy.check.Lowering;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.check.Subject;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.RuleInfo;
import io.bpfguard.policy.compiled.Step;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.FamilyDefault;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.model.Rule;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Compiles a set of checked policies: one compilation is one generation in the kernel. Rule numbers are given once, so
 * all its routes share them. May be used by several threads.
 */
public final class Compiler {
    private final List<ContainerPolicy> policies;
    private final Map<String, List<NumberedRule>> byPolicy = new TreeMap<>();
    private final Map<Integer, RuleInfo> infos = new HashMap<>();
    private final CompiledPolicies compiled;
    private final List<Problem> warnings = new ArrayList<>();
    private final List<WaitingRule> waiting = new ArrayList<>();

    /**
     * Numbers the rules and compiles each policy for itself.
     *
     * @throws PolicyException if a policy alone needs tables over the bounds
     */
    public Compiler(CheckedPolicies policies, NodeCapabilities node) throws PolicyException {
        for (ContainerPolicy policy : policies.policies()) {
            List<NumberedRule> numbered = new ArrayList<>();
            for (Rule rule : policy.rules()) {
                number(policy, rule.head().label(), rule.head().at(), Lowering.of(policy, rule, node), numbered);
            }
            for (FamilyDefault rest : policy.defaults()) {
                number(policy, rest.label(), rest.at(), Lowering.of(policy, rest, node), numbered);
            }
            byPolicy.put(policy.name().value(), List.copyOf(numbered));
        }
        this.policies = policies.policies();
        compiled = CompiledPolicies.of(this.policies.stream().collect(Collectors.toMap(policy -> policy.name().value(), ContainerPolicy::selector)), byPolicy);
        for (ContainerPolicy policy : this.policies) {
            findSilent(policy, route(List.of(policy)));
        }
    }

    /** Rules that never decide, not even where their policy is the only one. */
    private void findSilent(ContainerPolicy policy, Route route) {
        Set<Integer> deciding = route.chains().values().stream().flatMap(chain -> chain.steps().stream()).map(Step::ruleset).distinct()
                .flatMap(ruleset -> new Verdicts(ruleset).rules().stream()).collect(Collectors.toSet());
        Map<Position, List<NumberedRule>> byPlace = byPolicy.get(policy.name().value()).stream()
                .filter(rule -> rule.enforcement().action() != Action.ALLOW)
                .collect(Collectors.groupingBy(NumberedRule::at, LinkedHashMap::new, Collectors.toList()));
        byPlace.forEach((at, rules) -> {
            if (rules.stream().noneMatch(rule -> deciding.contains(rule.info().number()))) {
                warnings.add(Problem.at(at, rules.getFirst().info().rule()
                        + " never decides anything: all that it names is decided by stronger rules of this policy"));
            }
        });
    }

    /** What is not wrong but was hardly meant, as far as the tables show it. */
    public List<Problem> warnings() {
        return warnings.stream().sorted().toList();
    }

    private void number(ContainerPolicy policy, String label, Position at, Lowering lowering,
            List<NumberedRule> numbered) {
        lowering.waiting().forEach(what -> waiting.add(new WaitingRule(policy.name().value(), label, what.function())));
        Map<Object, List<Enforcement>> same = new LinkedHashMap<>();
        for (Enforcement enforcement : lowering.enforcements()) {
            same.computeIfAbsent(content(enforcement), _ -> new ArrayList<>()).add(enforcement);
        }
        for (List<Enforcement> group : same.values()) {
            List<String> mechanisms = group.stream().map(Enforcement::mechanism).distinct().toList();
            RuleInfo info = new RuleInfo(infos.size() + 1, policy.name().value(), label, mechanisms);
            infos.put(info.number(), info);
            group.forEach(enforcement -> numbered.add(new NumberedRule(info, enforcement, at)));
        }
    }

    /** What has one number, so that the ruleset is the same at each hook. */
    private static Object content(Enforcement enforcement) {
        return List.of(enforcement.matcher(), enforcement.subject(), enforcement.action(), enforcement.mode(), enforcement.errno());
    }

    /** What has been compiled, in the form in which it goes on without this object. */
    public CompiledPolicies compiled() {
        return compiled;
    }

    /**
     * What is enforced on a container that these policies are for. The same policies give the same instance, in whatever
     * order they come.
     *
     * @param selected policies of the set that this compiler was made with
     * @throws PolicyException if together they need tables over the bounds
     */
    public Route route(List<ContainerPolicy> selected) throws PolicyException {
        try {
            return compiled.route(selected.stream().map(policy -> policy.name().value()).collect(Collectors.toUnmodifiableSet()));
        } catch (StateFileException impossible) {
            throw new IllegalStateException("there is no file", impossible);
        }
    }

    /**
     * The route of each policy by itself: together they have the hooks that a route of this compilation can have, but for those
     * that only an allow names.
     */
    public List<Route> singleRoutes() throws PolicyException {
        List<Route> single = new ArrayList<>();
        for (ContainerPolicy policy : policies) {
            single.add(route(List.of(policy)));
        }
        return single;
    }

    /** The rules behind the numbers that decisions are told with. */
    public Map<Integer, RuleInfo> rules() {
        return Collections.unmodifiableMap(infos);
    }

    /** Where the rules stand that name a program. */
    public List<Position> placesOf(CustomProgram program) {
        return byPolicy.values().stream().flatMap(List::stream)
                .filter(rule -> rule.enforcement().subject().equals(new Subject.Program(program))).map(NumberedRule::at).distinct().sorted().toList();
    }

    /** What waits for modules of the kernel: to be compiled again when one of them is loaded. */
    public List<WaitingRule> waiting() {
        return List.copyOf(waiting);
    }

    /** Every hook point at which some policy enforces something. */
    public Set<HookPoint> hookPoints() {
        return byPolicy.values().stream().flatMap(List::stream).map(rule -> rule.enforcement().hook())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }
}
