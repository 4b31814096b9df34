package io.bpfguard.cli;

import io.bpfguard.install.ContainerRuntime;
import io.bpfguard.install.HookInstallation;
import io.bpfguard.install.HostRoot;
import io.bpfguard.install.InstallException;
import io.bpfguard.install.Registration;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bpfguard hook install}. */
@Command(name = "install", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:the hook is registered, or was already", "1:refused, with the reason and what to do; nothing was changed", "2:wrong use"},
        description = "Writes two hook files into a directory that the runtime reads by its configuration. Files that are not BPFGuard's are never changed.")
final class HookInstallCommand implements Callable<Integer> {
    private static final String ALL = "all";

    @Option(names = "--runtime", paramLabel = "NAME", defaultValue = ALL,
            description = "podman, crio, or all: those that are found on this host (default: ${DEFAULT-VALUE}).")
    private String runtime;

    @Option(names = "--hooks-dir", paramLabel = "DIR", description = "The directory to write to; the runtime must read it (default: chosen from those"
            + " that it reads).")
    private String directory;

    @Option(names = "--limit", paramLabel = "MS", defaultValue = "" + Registration.DEFAULT_LIMIT,
            description = "After how many milliseconds the hook gives up, and the container is refused; the runtime's own timeout is 5 s more"
                    + " (default: ${DEFAULT-VALUE}).")
    private int limit;

    @Option(names = "--annotation", paramLabel = "REGEX", description = "With --runtime podman: only for containers with an annotation whose key"
            + " matches. All other containers are then not guarded.")
    private String annotation;

    @Mixin
    private HookOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws InstallException {
        HostRoot root = options.root();
        Set<ContainerRuntime> runtimes = runtimes(root);
        if (annotation != null && !runtimes.equals(Set.of(ContainerRuntime.PODMAN))) {
            throw new ParameterException(spec.commandLine(), "--annotation is for Podman alone: say --runtime podman");
        }
        String launcher = options.launcher().orElseThrow(() -> new ParameterException(spec.commandLine(),
                "where the hook's program is cannot be told, since this was not started by bin/bpfguard: say --launcher"));
        Registration what = Registration.of(launcher, limit, Optional.ofNullable(annotation));
        PrintWriter out = spec.commandLine().getOut();
        for (HookInstallation.Installed file : HookInstallation.install(root, runtimes, Optional.ofNullable(directory), what)) {
            out.println((file.changed() ? "wrote " : "unchanged ") + file.path() + " (" + file.file().stage() + "), read by "
                    + file.readers().stream().map(reader -> reader.label() + " " + reader.fromWhen()).collect(Collectors.joining("; by ")));
        }
        out.flush();
        if (annotation != null) {
            PrintWriter err = spec.commandLine().getErr();
            err.println("warning: only containers with an annotation whose key matches " + annotation + " get the hook; all others are not guarded");
            err.flush();
        }
        return 0;
    }

    private Set<ContainerRuntime> runtimes(HostRoot root) throws InstallException {
        Set<ContainerRuntime> chosen = new LinkedHashSet<>(Arrays.stream(ContainerRuntime.values())
                .filter(candidate -> runtime.equals(ALL) ? candidate.found(root) : candidate.program().equals(runtime)).toList());
        if (chosen.isEmpty() && !runtime.equals(ALL)) {
            throw new ParameterException(spec.commandLine(), "there is no runtime " + runtime + " that reads hook files: say podman, crio or all");
        }
        if (chosen.isEmpty()) {
            throw new InstallException("neither Podman nor CRI-O was found on this host, so nothing was installed; to install for one that is to come,"
                    + " say --runtime podman or --runtime crio");
        }
        return chosen;
    }
}
