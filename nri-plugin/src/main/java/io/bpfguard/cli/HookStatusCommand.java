package io.bpfguard.cli;

import io.bpfguard.install.Finding;
import io.bpfguard.install.HookDirectory;
import io.bpfguard.install.HookStatus;
import io.bpfguard.install.Reading;
import io.bpfguard.install.RuntimeStatus;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bpfguard hook status}. */
@Command(name = "status", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:each runtime that was found runs the hook", "1:one does not, with the reasons and what to do", "2:wrong use"},
        description = {"Says for each runtime from where it reads hook files and whether it will run the hook. Changes nothing.",
            "It looks at files, so what one process was told alone is not seen: podman --hooks-dir, crio --hooks-dir, CONTAINERS_CONF."})
final class HookStatusCommand implements Callable<Integer> {
    @Mixin
    private HookOptions options;

    @Option(names = "--json", description = "Print one JSON object: ok and runtimes (name, found, working, readings and findings); a reading has reader"
            + " and directories (path, from), a finding severity (error or warning), what and remedy.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** The names are those in JSON. */
    private record Status(boolean ok, List<Runtime> runtimes) {}

    private record Runtime(String name, boolean found, boolean working, List<Reading> readings, List<Found> findings) {
        static Runtime of(RuntimeStatus status) {
            return new Runtime(status.runtime().program(), status.found(), status.working(), status.readings(),
                    status.findings().stream().map(Found::of).toList());
        }
    }

    private record Found(String severity, String what, String remedy) {
        static Found of(Finding finding) {
            return new Found(finding.severity().name().toLowerCase(Locale.ROOT), finding.what(), finding.remedy());
        }
    }

    @Override
    public Integer call() {
        List<RuntimeStatus> runtimes = HookStatus.of(options.root(), options.launcher());
        boolean ok = runtimes.stream().allMatch(status -> status.working() || !status.found());
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            JsonOutput.print(new Status(ok, runtimes.stream().map(Runtime::of).toList()), out);
        } else {
            runtimes.forEach(status -> print(status, out));
            out.flush();
        }
        return ok ? 0 : 1;
    }

    private static void print(RuntimeStatus status, PrintWriter out) {
        String name = status.runtime().label();
        if (!status.found()) {
            out.println(name + ": not found");
            return;
        }
        out.println(name + ": " + (status.working() ? "runs the hook" : "does not run the hook as it should"));
        for (Reading reading : status.readings()) {
            for (HookDirectory directory : reading.directories()) {
                out.println("  " + reading.reader() + " reads " + directory.path() + " (" + directory.from() + ")");
            }
            if (reading.directories().isEmpty()) {
                out.println("  " + reading.reader() + " reads no directory");
            }
        }
        status.findings().forEach(finding -> out.println("  " + finding.severity().name().toLowerCase(Locale.ROOT) + ": " + finding.what()
                + ". Remedy: " + finding.remedy()));
    }
}
