package io.bpfguard.cli;

import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.node.NodeWithPrograms;
import io.bpfguard.bpf.node.ProgramDirectory;
import io.bpfguard.bpf.node.RunningKernel;
import io.bpfguard.bpf.routing.CustomPrograms;
import io.bpfguard.bpf.routing.ProgramRefused;
import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.check.RecordedKernel;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.model.Condition;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.model.Rule;
import io.bpfguard.policy.read.FileRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bpfguard check}. */
@Command(name = "check", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:the policies are accepted, perhaps with warnings", "1:they are refused, with the reasons", "2:wrong use"},
        description = {"Checks policies: the language, names, contradictions, and whether they can be enforced and their tables built. Changes nothing.",
            "Without --node it needs neither root nor a kernel: it asks what the kernels of Debian 12, 13 and 14 can do, as recorded. A rule"
                + " that only some of them can enforce is a warning."})
final class CheckCommand implements Callable<Integer> {
    @Mixin
    private PolicyFiles files;

    @Option(names = "--node", description = "Check against the kernel of this node, custom programs by loading them; must run as root.")
    private boolean node;

    @Mixin
    private ProgramsOption programs;

    @Mixin
    private KernelStateOption kernelState;

    @Option(names = "--kernel", paramLabel = "VERSION", description = "Check against one recorded kernel: 6.1, 6.12 or 7.2.")
    private String kernel;

    @Option(names = "--json", description = "Print one JSON object: ok, kernels, acceptedBy, policies, errors and warnings, each with file, line,"
            + " column, message and kernels.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** What is said about a place, and on which kernels it holds; none for what has nothing to do with a kernel. */
    private record Finding(String file, int line, int column, String message, List<String> kernels) {
        static Finding of(Problem problem, List<String> kernels) {
            return new Finding(problem.file(), problem.line(), problem.column(), problem.message(), kernels);
        }
    }

    /** What came out; the names are those in JSON. */
    private record Outcome(boolean ok, List<String> kernels, List<String> acceptedBy, int policies, List<Finding> errors, List<Finding> warnings) {}

    @Override
    public Integer call() {
        if (node && kernel != null) {
            throw new ParameterException(spec.commandLine(), "--node and --kernel exclude each other");
        }
        if (kernel != null && !RecordedKernel.NAMES.contains(kernel)) {
            throw new ParameterException(spec.commandLine(), "no kernel " + kernel + " was recorded; there are "
                    + String.join(", ", RecordedKernel.NAMES));
        }
        Outcome outcome;
        try {
            outcome = check(files.read());
        } catch (PolicyException wrong) {
            outcome = new Outcome(false, List.of(), List.of(), 0, wrong.problems().stream().map(problem -> Finding.of(problem, List.of())).toList(),
                    List.of());
        }
        print(outcome);
        return outcome.ok() ? 0 : 1;
    }

    private Outcome check(PolicySet policies) {
        if (!node) {
            return merge(policies, kernel == null ? RecordedKernel.NAMES : List.of(kernel));
        }
        Libbpf libbpf = new Libbpf();
        try (RunningKernel running = new RunningKernel(libbpf)) {
            List<Problem> warnings = new ArrayList<>();
            List<Problem> errors = problems(policies, new NodeWithPrograms(running, new ProgramDirectory(libbpf, programs.path, FileRules.ROOT)), warnings,
                    program -> CustomPrograms.tryOut(libbpf, program, kernelState.path.resolveSibling("bpfguard-check-" + ProcessHandle.current().pid())));
            List<String> kernels = List.of(running.kernelRelease());
            return new Outcome(errors.isEmpty(), kernels, errors.isEmpty() ? kernels : List.of(), policies.policies().size(),
                    findings(errors, kernels), findings(warnings, kernels));
        }
    }

    /** What every kernel refuses is an error, what some refuse a warning. */
    private static Outcome merge(PolicySet policies, List<String> kernels) {
        Map<Problem, List<String>> refused = new TreeMap<>();
        Map<Problem, List<String>> warned = new TreeMap<>();
        for (String name : kernels) {
            RecordedKernel recorded = RecordedKernel.of(name);
            List<Problem> warnings = new ArrayList<>();
            // Each kernel tells its release in what it says; what is said of all is to be said once.
            for (Problem problem : problems(policies, recorded, warnings, _ -> { })) {
                refused.computeIfAbsent(general(problem, recorded), _ -> new ArrayList<>()).add(name);
            }
            warnings.addAll(assumed(policies, recorded));
            warnings.forEach(problem -> warned.computeIfAbsent(general(problem, recorded), _ -> new ArrayList<>()).add(name));
        }
        List<Finding> errors = new ArrayList<>();
        List<Finding> warnings = new ArrayList<>();
        List<String> accepting = kernels.stream()
                .filter(name -> refused.values().stream().noneMatch(refusing -> refusing.contains(name))).toList();
        boolean ok = !accepting.isEmpty();
        refused.forEach((problem, names) -> (ok && names.size() < kernels.size() ? warnings : errors).add(Finding.of(problem, names)));
        warned.forEach((problem, names) -> warnings.add(Finding.of(problem, names)));
        return new Outcome(ok, kernels, accepting, policies.policies().size(), errors, warnings);
    }

    private static Problem general(Problem problem, NodeCapabilities kernel) {
        return new Problem(problem.file(), problem.line(), problem.column(),
                problem.message().replace("of this node (" + kernel.kernelRelease() + ")", "of the node").replace("(" + kernel.kernelRelease() + ")", ""));
    }

    private static List<Problem> problems(PolicySet policies, NodeCapabilities kernel, List<Problem> warnings, Consumer<CustomProgram> tryOut) {
        try {
            CheckedPolicies checked = Checker.check(policies, kernel);
            Compiler compiler = new Compiler(checked, kernel);
            compiler.route(checked.policies());
            warnings.addAll(checked.warnings());
            List<Problem> refused = new ArrayList<>();
            for (CustomProgram program : checked.programs()) {
                try {
                    tryOut.accept(program);
                } catch (ProgramRefused reason) {
                    compiler.placesOf(program).forEach(at -> refused.add(Problem.at(at, reason.getMessage())));
                }
            }
            return refused;
        } catch (PolicyException wrong) {
            return wrong.problems();
        }
    }

    /** What only a node can tell: functions whose names are in no list, conditions on arguments, and programs. */
    private static List<Problem> assumed(PolicySet policies, RecordedKernel kernel) {
        List<KernelFunction> unknown = kernel.assumed();
        List<Problem> problems = new ArrayList<>();
        policies.policies().forEach(policy -> policy.rules().forEach(rule -> {
            if (rule instanceof Rule.Programs program) {
                problems.add(Problem.at(program.object().at(), "whether the program " + program.object().value()
                        + " can be used was not looked at; only a node can tell: bpfguard check --node"));
            }
            conditions(rule).stream().findFirst().ifPresent(first -> problems.add(Problem.at(first.argument().at(), "whether the conditions of "
                    + rule.head().label() + " fit the arguments was not looked at; only a node can tell: bpfguard check --node")));
            if (rule instanceof Rule.KernelFunctions functions) {
                String module = functions.module().map(Located::value).orElse("");
                functions.names().stream().filter(name -> unknown.contains(new KernelFunction(module, name.value())))
                        .forEach(name -> problems.add(Problem.at(name.at(), "whether there is a function "
                                + new KernelFunction(module, name.value()).label() + " was not recorded; only a node can tell: bpfguard check --node")));
            }
        }));
        return problems;
    }

    /** Those on arguments of hooks and functions, whose types are a kernel's; arguments of system calls are known. */
    private static List<Condition> conditions(Rule rule) {
        return switch (rule) {
            case Rule.LsmHooks hooks -> hooks.conditions();
            case Rule.KernelFunctions functions -> functions.conditions();
            default -> List.of();
        };
    }

    private static List<Finding> findings(List<Problem> problems, List<String> kernels) {
        return problems.stream().map(problem -> Finding.of(problem, kernels)).toList();
    }

    private void print(Outcome outcome) {
        if (json) {
            JsonOutput.print(outcome, spec.commandLine().getOut());
            return;
        }
        outcome.errors().forEach(finding -> spec.commandLine().getErr().println(text(finding, outcome)));
        outcome.warnings().forEach(finding -> spec.commandLine().getErr().println("warning: " + text(finding, outcome)));
        spec.commandLine().getErr().flush();
        if (outcome.ok()) {
            spec.commandLine().getOut().println(outcome.policies() + " policies can be enforced on "
                    + (node ? "this node" : "kernel " + String.join(", ", outcome.acceptedBy())));
            spec.commandLine().getOut().flush();
        }
    }

    private static String text(Finding finding, Outcome outcome) {
        String place = finding.file() + ":" + finding.line() + ":" + finding.column() + ": ";
        boolean some = !finding.kernels().isEmpty() && finding.kernels().size() < outcome.kernels().size();
        return place + (some ? "on kernel " + String.join(", ", finding.kernels()) + ": " : "") + finding.message();
    }
}
