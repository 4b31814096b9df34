package io.bpfguard.cli;

import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.node.NodeRequirements;
import io.bpfguard.bpf.routing.SelfTest;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bpfguard doctor}. */
@Command(name = "doctor", mixinStandardHelpOptions = true,
        description = "Says whether this node has what BPFGuard needs, and loads and attaches every kernel program for a moment.")
final class DoctorCommand implements Callable<Integer> {
    @Option(names = "--bpffs", paramLabel = "DIR", defaultValue = "/sys/fs/bpf/bpfguard-doctor",
            description = "Directory in a bpffs to work in; it must not exist (default: ${DEFAULT-VALUE}).")
    private Path root;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        List<String> missing = NodeRequirements.HERE.missing();
        missing.forEach(sentence -> out.println("missing: " + sentence));
        if (!missing.isEmpty()) {
            return 1;
        }
        Libbpf libbpf = new Libbpf();
        out.println("ok libbpf " + libbpf.version());
        boolean passed = true;
        for (SelfTest.Result result : SelfTest.run(libbpf, root)) {
            out.println((result.passed() ? "ok " : "FAIL ") + result.name() + (result.passed() ? "" : ": " + result.failure()));
            passed &= result.passed();
        }
        out.flush();
        return passed ? 0 : 1;
    }
}
