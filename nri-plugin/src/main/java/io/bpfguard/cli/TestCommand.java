package io.bpfguard.cli;

import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.node.RunningKernel;
import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.read.PolicyReader;
import io.bpfguard.policy.read.PolicyTestReader;
import io.bpfguard.policy.simulate.PolicyTest;
import io.bpfguard.policy.simulate.TestRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bpfguard test}. */
@Command(name = "test", mixinStandardHelpOptions = true,
        description = "Runs tests of policies: what they say of an action on this node, worked out from the tables that its kernel would read. "
                + "Changes nothing. Exit status: 0 all passed, 1 one failed or could not be read, 2 wrong use.")
final class TestCommand implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", arity = "1..*", description = "Files of kind PolicyTest.")
    private List<Path> files;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws PolicyException, IOException {
        PrintWriter out = spec.commandLine().getOut();
        int passed = 0;
        int failed = 0;
        try (RunningKernel kernel = new RunningKernel(new Libbpf())) {
            for (Path file : files) {
                for (PolicyTest test : PolicyTestReader.read(file.toString(), Files.readAllBytes(file))) {
                    for (TestRun.Outcome outcome : run(file, test, kernel)) {
                        String line = test.name() + ": " + outcome.test().name() + ": " + outcome.said();
                        out.println((outcome.passed() ? "ok " : "FAIL " + outcome.test().at() + ": ") + line);
                        passed += outcome.passed() ? 1 : 0;
                        failed += outcome.passed() ? 0 : 1;
                    }
                }
            }
        }
        out.println(passed + " passed, " + failed + " failed");
        out.flush();
        return failed == 0 ? 0 : 1;
    }

    private static List<TestRun.Outcome> run(Path file, PolicyTest test, NodeCapabilities node) throws PolicyException, IOException {
        List<ContainerPolicy> policies = new ArrayList<>();
        for (Located<String> name : test.policies()) {
            Path policy = file.resolveSibling(name.value());
            policies.addAll(PolicyReader.read(policy.toString(), Files.readAllBytes(policy)).policies());
        }
        CheckedPolicies checked = Checker.check(new PolicySet(policies), node);
        return TestRun.run(test, checked, new Compiler(checked, node), node);
    }
}
