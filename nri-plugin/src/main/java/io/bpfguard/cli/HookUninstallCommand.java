package io.bpfguard.cli;

import io.bpfguard.install.HookRemoval;
import io.bpfguard.install.HostRoot;
import io.bpfguard.install.InstallException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bpfguard hook uninstall}. */
@Command(name = "uninstall", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:there are no hook files of BPFGuard any more", "1:refused or failed, with the reason", "2:wrong use"},
        description = "Removes BPFGuard's hook files, and no others, from every directory that Podman or CRI-O reads. Containers that exist keep the"
            + " hooks that they were made with, so leave the program in place until they are gone.")
final class HookUninstallCommand implements Callable<Integer> {
    @Option(names = "--hooks-dir", paramLabel = "DIR", description = "Only from this directory.")
    private String directory;

    @Option(names = "--root", paramLabel = "DIR", defaultValue = "/", hidden = true, description = "The directory that holds the host's files.")
    private Path root;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws InstallException {
        List<HookRemoval.Seen> seen = HookRemoval.remove(new HostRoot(root), Optional.ofNullable(directory));
        PrintWriter out = spec.commandLine().getOut();
        seen.forEach(file -> out.println(file.removed() ? "removed " + file.path() : "left " + file.path() + ", which is not BPFGuard's"));
        if (seen.isEmpty()) {
            out.println("there was nothing to remove");
        }
        out.flush();
        return 0;
    }
}
