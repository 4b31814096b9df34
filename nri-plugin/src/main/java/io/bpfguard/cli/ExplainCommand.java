package io.bpfguard.cli;

import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.node.NodeWithPrograms;
import io.bpfguard.bpf.node.ProgramDirectory;
import io.bpfguard.bpf.node.RunningKernel;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.check.RecordedKernel;
import io.bpfguard.policy.compile.Explain;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.read.FileRules;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bpfguard explain}. */
@Command(name = "explain", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:every rule is explained", "1:the policies are refused, with the reasons", "2:wrong use"},
        description = "Says for each rule by which mechanism this node enforces it, whether that prevents, and what it does not cover.")
final class ExplainCommand implements Callable<Integer> {
    @Mixin
    private PolicyFiles files;

    @Mixin
    private ProgramsOption programs;

    @Option(names = "--kernel", paramLabel = "VERSION",
            description = "Explain for a recorded kernel, 6.1, 6.12 or 7.2, instead of this node's; needs no root.")
    private String kernel;

    @Option(names = "--json", description = "Print one JSON object: kernel, and rules with policy, rule, family, prevents (yes, no,"
            + " after the effect, partly, not yet, unknown), mechanisms (mechanism, action, prevents, effect, note) and waitingFor.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** The names are those in JSON. */
    private record Explanation(String kernel, List<RuleExplanation> rules) {}

    private record RuleExplanation(String policy, String rule, String family, String prevents, List<MechanismExplanation> mechanisms,
            List<String> waitingFor) {
        static RuleExplanation of(Explain.Row row) {
            return new RuleExplanation(row.policy(), row.rule(), row.family(), row.prevents().words(),
                    row.parts().stream().map(MechanismExplanation::of).toList(), row.waiting());
        }
    }

    private record MechanismExplanation(String mechanism, String action, String prevents, String effect, String note) {
        static MechanismExplanation of(Explain.Part part) {
            return new MechanismExplanation(part.mechanism(), part.action().name().toLowerCase(Locale.ROOT), part.prevents().words(),
                    part.effect(), part.note());
        }
    }

    @Override
    public Integer call() throws PolicyException {
        PolicySet policies = files.read();
        if (kernel != null && !RecordedKernel.NAMES.contains(kernel)) {
            throw new ParameterException(spec.commandLine(), "no kernel " + kernel + " was recorded; there are "
                    + String.join(", ", RecordedKernel.NAMES));
        }
        if (kernel != null) {
            explain(policies, RecordedKernel.of(kernel));
        } else {
            Libbpf libbpf = new Libbpf();
            try (RunningKernel running = new RunningKernel(libbpf)) {
                explain(policies, new NodeWithPrograms(running, new ProgramDirectory(libbpf, programs.path, FileRules.ROOT)));
            }
        }
        return 0;
    }

    private void explain(PolicySet policies, NodeCapabilities node) throws PolicyException {
        List<Explain.Row> rows = Explain.rows(Checker.check(policies, node), node);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            JsonOutput.print(new Explanation(node.kernelRelease(), rows.stream().map(RuleExplanation::of).toList()), out);
            return;
        }
        out.println("kernel " + node.kernelRelease());
        rows.forEach(row -> print(row, out));
        out.flush();
    }

    private static void print(Explain.Row row, PrintWriter out) {
        out.println(row.policy() + " " + row.rule());
        out.println("    prevents: " + row.prevents().words());
        if (!row.parts().isEmpty()) {
            out.println("    by:       " + row.mechanism());
            out.println("    effect:   " + row.effect());
        }
        row.waiting().forEach(function -> out.println("    waiting for module " + function.substring(0, function.indexOf(':')) + " (" + function
                + "): attached when it is loaded"));
        if (!row.note().isEmpty()) {
            out.println("    note:     " + row.note());
        }
    }
}
