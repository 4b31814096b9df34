package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.model.Condition;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.Family;
import io.bpfguard.policy.model.FamilyDefault;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.model.Rule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Checks that a node can do all that a set of policies says. */
public final class Checker {
    private Checker() {}

    /** The policies as checked, or all that is wrong with them. */
    public static CheckedPolicies check(PolicySet policies, NodeCapabilities node) throws PolicyException {
        List<Problem> problems = new ArrayList<>(repeatedNames(policies));
        Set<CustomProgram> programs = new HashSet<>();
        for (ContainerPolicy policy : policies.policies()) {
            policy.rules().forEach(rule -> {
                Lowering lowering = Lowering.of(policy, rule, node);
                problems.addAll(lowering.refusals());
                lowering.enforcements().stream().map(Enforcement::subject).forEach(subject -> {
                    if (subject instanceof Subject.Program(CustomProgram program)) {
                        programs.add(program);
                    }
                });
            });
            policy.defaults().forEach(rest -> problems.addAll(Lowering.of(policy, rest, node).refusals()));
        }
        if (!problems.isEmpty()) {
            throw new PolicyException(problems);
        }
        List<Problem> warnings = new ArrayList<>(warnings(policies));
        policies.policies().forEach(policy -> warnings.addAll(Contradictions.of(policy, node)));
        return new CheckedPolicies(policies.policies(), programs, warnings);
    }

    private static List<Problem> repeatedNames(PolicySet policies) {
        Map<String, Position> seen = new HashMap<>();
        List<Problem> problems = new ArrayList<>();
        for (ContainerPolicy policy : policies.policies()) {
            Position first = seen.putIfAbsent(policy.name().value(), policy.name().at());
            if (first != null) {
                problems.add(Problem.at(policy.name().at(), "the policy name \"" + policy.name().value()
                        + "\" is already taken at " + first));
            }
        }
        return problems;
    }

    private static List<Problem> warnings(PolicySet policies) {
        Set<Family> restricted = policies.policies().stream().flatMap(policy -> policy.defaults().stream())
                .filter(rest -> rest.action() != Action.ALLOW).map(FamilyDefault::family).collect(Collectors.toSet());
        List<Problem> warnings = new ArrayList<>();
        for (ContainerPolicy policy : policies.policies()) {
            Map<Object, Rule> seen = new HashMap<>();
            for (Rule rule : policy.rules()) {
                Family family = rule.head().family();
                if (rule.head().action().value() == Action.ALLOW && !restricted.contains(family)) {
                    warnings.add(Problem.at(rule.head().at(), rule.head().label()
                            + " allows what is allowed anyway: an allow only "
                            + (family.hasDefault() ? "takes something out of defaults." + family.key()
                                    + ", which no policy sets"
                            : "takes something out of a default, which " + family.key() + " cannot have")));
                }
                Rule first = seen.putIfAbsent(content(rule), rule);
                if (first != null) {
                    warnings.add(Problem.at(rule.head().at(), rule.head().label() + " says the same as " + first.head()
                            .label()
                            + " in line " + first.head().at().line()));
                }
            }
        }
        return warnings;
    }

    /** What a rule does, without its name and place. */
    private static Object content(Rule rule) {
        List<Object> how = List.of(rule.head().family(), rule.head().action().value(), rule.head().errno(), rule.head()
                .mode());
        return switch (rule) {
            case Rule.Processes processes -> List.of(how, values(processes.paths()), values(processes.arguments()),
                    values(processes.from()), processes.origins(), processes.operations());
            case Rule.Files files -> List.of(how, values(files.paths()), files.operations(), values(files.from()), files.own(),
                    values(files.fileSystems()), files.devices(), files.foreignMount());
            case Rule.Network network -> List.of(how, network.operations(), network.families(), network.types(), network.protocols(),
                    values(network.addresses()), Set.copyOf(network.ports()), values(network.paths()), values(network.abstractNames()));
            case Rule.Mounts mounts -> List.of(how, values(mounts.types()), mounts.flags(), values(mounts.sources()));
            case Rule.Capabilities capabilities -> List.of(how, capabilities.numbers());
            case Rule.SystemCalls calls -> List.of(how, values(calls.names()), texts(calls.conditions()), calls.abis());
            case Rule.LsmHooks hooks -> List.of(how, values(hooks.names()), texts(hooks.conditions()));
            case Rule.KernelFunctions functions -> List.of(how, values(functions.names()), texts(functions.conditions()));
            case Rule.Programs programs -> List.of(how, programs.object().value(), programs.parameters().stream()
                    .collect(Collectors.toMap(parameter -> parameter.name().value(), parameter -> parameter.value().value())));
            case Rule.Namespaces namespaces -> List.of(how, namespaces.kinds(), namespaces.operations());
            case Rule.Tracing tracing -> List.of(how, tracing.operations());
            case Rule.KernelModules modules -> List.of(how, modules.operations());
            case Rule.Bpf _, Rule.Keys _, Rule.IoUring _ -> how;
            case Rule.Signals signals -> List.of(how, signals.signals(), signals.targets());
        };
    }

    private static Set<String> texts(List<Condition> conditions) {
        return conditions.stream().map(Condition::text).collect(Collectors.toSet());
    }

    private static <T> Set<T> values(List<Located<T>> located) {
        return located.stream().map(Located::value).collect(Collectors.toSet());
    }
}
