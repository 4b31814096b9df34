package io.bpfguard.cli;

import io.bpfguard.bpf.routing.InForce;
import io.bpfguard.bpf.routing.KernelTables;
import io.bpfguard.control.AgentStatus;
import io.bpfguard.control.ControlClient.NoAgent;
import io.bpfguard.policy.compile.CompiledPolicies;
import io.bpfguard.policy.compile.StateFileException;
import io.bpfguard.policy.compiled.RuleInfo;
import io.bpfguard.state.PolicyFile;
import io.bpfguard.state.StateException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bpfguard policies}. */
@Command(name = "policies", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:the policies in force are shown", "1:none are, they cannot be read, or what the directory says was refused", "2:wrong use"},
        description = "Prints the policies in force on this node: not what files say, but what the kernel's state says. Needs no agent; one that runs adds to"
            + " which containers each applies, and why files that changed later were refused.")
final class PoliciesCommand implements Callable<Integer> {
    @Mixin
    private KernelStateOption kernelState;

    @Mixin
    private RunOption run;

    @Option(names = "--json", description = "Print one JSON object: generation, digest, problems and policies (name, selector, rules (rule, mechanisms),"
            + " containers (namespace/pod/container); null where no agent runs).")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** The names are those in JSON. */
    private record InForcePolicies(int generation, String digest, List<String> problems, List<Policy> policies) {}

    private record Policy(String name, String selector, List<PolicyRule> rules, List<String> containers) {}

    private record PolicyRule(String rule, Set<String> mechanisms) {}

    @Override
    public Integer call() throws StateException, StateFileException {
        Optional<InForce> inForce = KernelTables.read(kernelState.path).flatMap(KernelTables::policies);
        if (inForce.isEmpty()) {
            spec.commandLine().getErr().println(kernelState.nothing());
            return 1;
        }
        CompiledPolicies compiled = new PolicyFile(run.path.resolve("policies")).read(inForce.get());
        Optional<AgentStatus> agent = agent();
        Map<String, List<RuleInfo>> rules = compiled.ruleInfos();
        List<Policy> policies = new ArrayList<>();
        for (String name : compiled.names()) {
            policies.add(new Policy(name, SelectorText.of(compiled.selector(name)), rules(rules.get(name)), agent.map(status -> containers(status, name)).orElse(null)));
        }
        InForcePolicies found = new InForcePolicies(inForce.get().generation(), inForce.get().name(), agent.map(AgentStatus::problems).orElse(List.of()), policies);
        if (json) {
            JsonOutput.print(found, spec.commandLine().getOut());
        } else {
            print(found);
        }
        return found.problems().isEmpty() ? 0 : 1;
    }

    private Optional<AgentStatus> agent() {
        try {
            return Optional.of(run.agent());
        } catch (NoAgent none) {
            return Optional.empty();
        }
    }

    private static List<String> containers(AgentStatus status, String policy) {
        return status.containers().stream().filter(container -> container.policies().contains(policy)).map(ContainerName::of).toList();
    }

    /** A rule that is enforced at several places is several infos. */
    private static List<PolicyRule> rules(List<RuleInfo> infos) {
        Map<String, Set<String>> mechanisms = new LinkedHashMap<>();
        infos.forEach(info -> mechanisms.computeIfAbsent(info.rule(), _ -> new TreeSet<>()).addAll(info.mechanisms()));
        return mechanisms.entrySet().stream().map(rule -> new PolicyRule(rule.getKey(), rule.getValue())).toList();
    }

    private void print(InForcePolicies found) {
        PrintWriter out = spec.commandLine().getOut();
        out.println("generation " + found.generation());
        out.printf("%-32s %-6s %-11s %s%n", "NAME", "RULES", "CONTAINERS", "FOR");
        for (Policy policy : found.policies()) {
            out.printf("%-32s %-6d %-11s %s%n", policy.name(), policy.rules().size(), policy.containers() == null ? "?" : policy.containers().size(), policy.selector());
        }
        out.flush();
        found.problems().forEach(problem -> spec.commandLine().getErr().println("refused, not in force: " + problem));
        spec.commandLine().getErr().flush();
    }
}
