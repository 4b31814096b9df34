package io.bpfguard.cli;

import io.bpfguard.agent.WaitingModules;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.routing.ContainerState;
import io.bpfguard.bpf.routing.RoutingState;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bpfguard status}. */
@Command(name = "status", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:the state is shown", "1:nothing is enforced on this node, or the state cannot be read", "2:wrong use"},
        description = {"Shows what the kernel enforces now.",
            "A miss is a call that a program at a kernel function did not see, because the kernel had interrupted that program on the same CPU;"
                + " programs at LSM hooks have none."})
final class StatusCommand implements Callable<Integer> {
    @Mixin
    private KernelStateOption kernelState;

    @Option(names = "--run", paramLabel = "DIR", defaultValue = "/run/bpfguard", description = "The agent's --run (default: ${DEFAULT-VALUE}).")
    private Path run;

    @Option(names = "--json", description = "Print one JSON object: hooks (name, misses), waitingFor (module, function, policy, rule), unclaimed (mode, audited, denied) and"
            + " containers (slot, phase, route, generation, audited, denied, killed, errors, eventsLost, eventsThrottled, cgroup).")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** The names are those in JSON. */
    private record Status(List<HookStatus> hooks, List<WaitingModules.Entry> waitingFor, UnclaimedStatus unclaimed, List<ContainerStatus> containers) {}

    private record UnclaimedStatus(String mode, long audited, long denied) {}

    private record HookStatus(String name, long misses) {}

    private record ContainerStatus(int slot, String phase, int route, int generation, long audited, long denied, long killed, long errors,
            long eventsLost, long eventsThrottled, String cgroup) {
        static ContainerStatus of(ContainerState container) {
            return new ContainerStatus(container.slot(), container.phase().name().toLowerCase(Locale.ROOT), container.route(),
                    container.generation(), container.audited(), container.denied(), container.killed(), container.errors(),
                    container.eventsLost(), container.eventsThrottled(), container.name());
        }
    }

    @Override
    public Integer call() {
        Optional<RoutingState.Snapshot> state = RoutingState.inspect(new Libbpf(), kernelState.path);
        if (state.isEmpty()) {
            spec.commandLine().getErr().println("bpfguard: nothing is enforced on this node: there is no state below " + kernelState.path + "; start the agent");
            return 1;
        }
        Status status = new Status(state.get().hooks().stream().map(hook -> new HookStatus(hook.label(), hook.misses())).toList(),
                WaitingModules.read(run),
                new UnclaimedStatus(state.get().unclaimedMode().name().toLowerCase(Locale.ROOT), state.get().unclaimed().audited(), state.get().unclaimed().denied()),
                state.get().containers().stream().map(ContainerStatus::of).toList());
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            JsonOutput.print(status, out);
        } else {
            print(status, out);
        }
        return 0;
    }

    private static void print(Status status, PrintWriter out) {
        out.println("hooks: " + status.hooks().stream().map(hook -> hook.name() + (hook.misses() == 0 ? "" : " (" + hook.misses() + " misses)"))
                .collect(Collectors.joining(" ")));
        status.waitingFor().forEach(entry -> out.println("waiting for module " + entry.module() + ": " + entry.function() + ", "
                + entry.policy() + " " + entry.rule()));
        out.println("containers that the runtime made without the agent's answer: " + status.unclaimed().mode() + ", " + status.unclaimed().denied()
                + " programs denied, " + status.unclaimed().audited() + " only reported");
        out.printf("%-6s %-9s %-6s %-10s %-8s %-8s %-8s %-8s %-8s %-9s %s%n", "SLOT", "PHASE", "ROUTE", "GENERATION", "AUDITED", "DENIED", "KILLED", "ERRORS", "LOST", "THROTTLED", "CGROUP");
        for (ContainerStatus container : status.containers()) {
            out.printf("%-6d %-9s %-6d %-10d %-8d %-8d %-8d %-8d %-8d %-9d %s%n", container.slot(), container.phase(),
                    container.route(), container.generation(), container.audited(), container.denied(), container.killed(),
                    container.errors(), container.eventsLost(), container.eventsThrottled(), container.cgroup());
        }
        out.flush();
    }
}
