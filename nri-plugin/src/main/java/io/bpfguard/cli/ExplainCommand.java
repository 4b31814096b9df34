package io.bpfguard.cli;

import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.node.RunningKernel;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.compile.Explain;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.read.PolicyReader;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bpfguard explain}. */
@Command(name = "explain", mixinStandardHelpOptions = true,
        description = "Says for each rule of a directory of policies how this node enforces it, and what that does not cover.")
final class ExplainCommand implements Callable<Integer> {
    @Parameters(paramLabel = "DIR", defaultValue = "/etc/bpfguard/policies.d", description = "Directory of policies (default: ${DEFAULT-VALUE}).")
    private Path policies;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws PolicyException {
        PrintWriter out = spec.commandLine().getOut();
        try (RunningKernel kernel = new RunningKernel(new Libbpf())) {
            out.println("kernel " + kernel.kernelRelease());
            for (Explain.Row row : Explain.rows(Checker.check(PolicyReader.readDirectory(policies), kernel), kernel)) {
                out.println(row.policy() + " " + row.rule());
                out.println("    by:     " + row.mechanism());
                out.println("    effect: " + row.effect());
                if (!row.note().isEmpty()) {
                    out.println("    note:   " + row.note());
                }
            }
        }
        out.flush();
        return 0;
    }
}
