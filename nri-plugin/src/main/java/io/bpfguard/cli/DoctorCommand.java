package io.bpfguard.cli;

import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.node.NodeReport;
import io.bpfguard.bpf.node.NodeRequirements;
import io.bpfguard.bpf.node.RunningKernel;
import io.bpfguard.bpf.routing.SelfTest;
import io.bpfguard.policy.check.RecordedKernel;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bpfguard doctor}. */
@Command(name = "doctor", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:this node has what BPFGuard needs", "1:something is missing, or a program was refused", "2:wrong use"},
        description = "Says whether this node has what BPFGuard needs, what its kernel can do and why not more, and loads and attaches every"
            + " kernel program for a moment. Must run as root.")
final class DoctorCommand implements Callable<Integer> {
    @Option(names = "--bpffs", paramLabel = "DIR", defaultValue = "/sys/fs/bpf/bpfguard-doctor",
            description = "Directory in a bpffs to work in; it must not exist (default: ${DEFAULT-VALUE}).")
    private Path root;

    @Option(names = "--json", description = "Print one JSON object: ok, kernel, libbpf, missing (sentences), capabilities (name, available,"
            + " detail) and programs (name, ok, failure).")
    private boolean json;

    @Option(names = "--record", description = "Print what this kernel can do in the form in which bpfguard check knows kernels without one."
            + " Loads some thousand programs that do nothing.")
    private boolean record;

    @Spec
    private CommandSpec spec;

    /** The names are those in JSON. */
    private record Diagnosis(boolean ok, String kernel, String libbpf, List<String> missing, List<NodeReport.Capability> capabilities,
            List<ProgramResult> programs) {}

    private record ProgramResult(String name, boolean ok, String failure) {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (record) {
            try (RunningKernel kernel = new RunningKernel(new Libbpf())) {
                out.print(RecordedKernel.record(kernel));
            }
            out.flush();
            return 0;
        }
        Diagnosis diagnosis = diagnose();
        if (json) {
            JsonOutput.print(diagnosis, out);
        } else {
            print(diagnosis, out);
        }
        return diagnosis.ok() ? 0 : 1;
    }

    private Diagnosis diagnose() {
        List<String> missing = NodeRequirements.HERE.missing();
        if (!missing.isEmpty()) {
            return new Diagnosis(false, "", "", missing, List.of(), List.of());
        }
        Libbpf libbpf = new Libbpf();
        try (RunningKernel kernel = new RunningKernel(libbpf)) {
            List<NodeReport.Capability> capabilities = new ArrayList<>(NodeReport.of(kernel));
            capabilities.add(kernel.moduleFunctions());
            List<ProgramResult> programs = SelfTest.run(libbpf, root).stream()
                    .map(result -> new ProgramResult(result.name(), result.passed(), result.failure())).toList();
            return new Diagnosis(programs.stream().allMatch(ProgramResult::ok), kernel.kernelRelease(), libbpf.version(), missing, capabilities,
                    programs);
        }
    }

    private static void print(Diagnosis diagnosis, PrintWriter out) {
        diagnosis.missing().forEach(sentence -> out.println("missing: " + sentence));
        if (diagnosis.missing().isEmpty()) {
            out.println("ok kernel " + diagnosis.kernel() + ", libbpf " + diagnosis.libbpf());
            diagnosis.capabilities().forEach(capability -> out.println((capability.available() ? "yes " : "no  ") + capability.name() + ": " + capability.detail()));
        }
        diagnosis.programs().forEach(program -> out.println((program.ok() ? "ok " : "FAIL ") + program.name() + (program.ok() ? "" : ": " + program.failure())));
        out.flush();
    }
}
