package io.bpfguard.cli;

import io.bpfguard.bpf.routing.RoutingState;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code bpfguard uninstall}. */
@Command(name = "uninstall", mixinStandardHelpOptions = true,
        description = "Takes all enforcement out of the kernel: running containers are no longer judged.")
final class UninstallCommand implements Callable<Integer> {
    @Mixin
    private KernelStateOption kernelState;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        boolean there = RoutingState.uninstall(kernelState.path);
        spec.commandLine().getOut().println(there ? "enforcement is gone from the kernel" : "there was nothing below " + kernelState.path);
        return 0;
    }
}
