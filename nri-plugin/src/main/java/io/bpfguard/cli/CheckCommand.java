package io.bpfguard.cli;

import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.node.RunningKernel;
import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.read.PolicyReader;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bpfguard check}. */
@Command(name = "check", mixinStandardHelpOptions = true,
        description = "Checks policies against this node without putting them in force.")
final class CheckCommand implements Callable<Integer> {
    @Parameters(paramLabel = "DIR", defaultValue = "/etc/bpfguard/policies.d", description = "Directory of policies (default: ${DEFAULT-VALUE}).")
    private Path policies;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws PolicyException {
        try (RunningKernel kernel = new RunningKernel(new Libbpf())) {
            CheckedPolicies checked = Checker.check(PolicyReader.readDirectory(policies), kernel);
            Compiler compiler = new Compiler(checked, kernel);
            compiler.route(checked.policies());
            checked.warnings().forEach(warning -> spec.commandLine().getErr().println("warning: " + warning));
            spec.commandLine().getOut().println(checked.policies().size() + " policies can be enforced on this node");
            return 0;
        }
    }
}
