package io.bpfguard.cli;

import io.bpfguard.bpf.routing.ContainerState;
import io.bpfguard.bpf.routing.RoutingState;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code bpfguard status}. */
@Command(name = "status", mixinStandardHelpOptions = true, description = "Shows what the kernel enforces now.")
final class StatusCommand implements Callable<Integer> {
    @Mixin
    private KernelStateOption kernelState;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Optional<RoutingState.Snapshot> state = RoutingState.inspect(kernelState.path);
        if (state.isEmpty()) {
            spec.commandLine().getErr().println("bpfguard: nothing is enforced on this node: there is no state below " + kernelState.path + "; start the agent");
            return 1;
        }
        out.println("hooks: " + String.join(" ", state.get().hooks()));
        out.printf("%-6s %-9s %-6s %-10s %-8s %-8s %-8s %-8s %-8s %-9s %s%n", "SLOT", "PHASE", "ROUTE", "GENERATION", "AUDITED", "DENIED", "KILLED", "ERRORS", "LOST", "THROTTLED", "CGROUP");
        for (ContainerState container : state.get().containers()) {
            out.printf("%-6d %-9s %-6d %-10d %-8d %-8d %-8d %-8d %-8d %-9d %s%n", container.slot(), container.phase().name().toLowerCase(java.util.Locale.ROOT),
                    container.route(), container.generation(), container.audited(), container.denied(), container.killed(),
                    container.errors(), container.eventsLost(), container.eventsThrottled(), container.name());
        }
        out.flush();
        return 0;
    }
}
