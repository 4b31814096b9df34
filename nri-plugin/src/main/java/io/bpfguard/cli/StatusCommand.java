package io.bpfguard.cli;

import io.bpfguard.agent.WaitingModules;
import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.routing.ContainerState;
import io.bpfguard.bpf.routing.InForce;
import io.bpfguard.bpf.routing.RoutingState;
import io.bpfguard.control.AgentStatus;
import io.bpfguard.control.AgentStatus.NamedContainer;
import io.bpfguard.control.ControlClient.NoAgent;
import io.bpfguard.policy.model.Printable;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
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

    @Mixin
    private RunOption run;

    @Option(names = "--json", description = "Print one JSON object: agent (version, pid, since, runtime, link, generation, policies, problems; null where none"
            + " runs), noAgent (why), generation, hooks (name, misses), waitingFor (module, function, policy, rule) and containers (slot, phase, route,"
            + " generation, audited, denied, killed, errors, eventsLost, eventsThrottled, cgroup, name, policies; the last two null where no agent knows).")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** The names are those in JSON. */
    private record Status(Agent agent, String noAgent, int generation, List<HookStatus> hooks, List<WaitingModules.Entry> waitingFor,
            List<ContainerStatus> containers) {}

    private record Agent(String version, long pid, String since, String runtime, String link, int generation, List<String> policies, List<String> problems) {
        static Agent of(AgentStatus status) {
            return new Agent(status.version(), status.pid(), status.since(), status.runtime(), status.link(), status.generation(), status.policies(), status.problems());
        }
    }

    private record HookStatus(String name, long misses) {}

    private record ContainerStatus(int slot, String phase, int route, int generation, long audited, long denied, long killed, long errors,
            long eventsLost, long eventsThrottled, String cgroup, String name, List<String> policies) {
        static ContainerStatus of(ContainerState container, NamedContainer named) {
            return new ContainerStatus(container.slot(), container.phase().name().toLowerCase(Locale.ROOT), container.route(),
                    container.generation(), container.audited(), container.denied(), container.killed(), container.errors(),
                    container.eventsLost(), container.eventsThrottled(), container.name(), named == null ? null : ContainerName.of(named),
                    named == null ? null : named.policies());
        }
    }

    @Override
    public Integer call() {
        Optional<RoutingState.Snapshot> state = RoutingState.inspect(new Libbpf(), kernelState.path);
        if (state.isEmpty()) {
            spec.commandLine().getErr().println(kernelState.nothing());
            return 1;
        }
        AgentStatus agent = null;
        String noAgent = null;
        try {
            agent = run.agent();
        } catch (NoAgent none) {
            noAgent = none.getMessage();
        }
        Map<Integer, NamedContainer> named = agent == null ? Map.of()
                : agent.containers().stream().collect(Collectors.toMap(NamedContainer::slot, Function.identity()));
        Status status = new Status(agent == null ? null : Agent.of(agent), noAgent, state.get().policies().map(InForce::generation).orElse(0),
                state.get().hooks().stream().map(hook -> new HookStatus(hook.label(), hook.misses())).toList(),
                WaitingModules.read(run.path), state.get().containers().stream().map(container -> ContainerStatus.of(container, named.get(container.slot()))).toList());
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            JsonOutput.print(status, out);
        } else {
            print(status, out);
        }
        return 0;
    }

    private static void print(Status status, PrintWriter out) {
        printAgent(status, out);
        out.println("hooks: " + status.hooks().stream().map(hook -> hook.name() + (hook.misses() == 0 ? "" : " (" + hook.misses() + " misses)"))
                .collect(Collectors.joining(" ")));
        status.waitingFor().forEach(entry -> out.println("waiting for module " + entry.module() + ": " + entry.function() + ", "
                + entry.policy() + " " + entry.rule()));
        out.printf("%-6s %-9s %-6s %-10s %-8s %-8s %-8s %-8s %-8s %-9s %s%n", "SLOT", "PHASE", "ROUTE", "GENERATION", "AUDITED", "DENIED", "KILLED", "ERRORS", "LOST",
                "THROTTLED", "CONTAINER");
        for (ContainerStatus container : status.containers()) {
            out.printf("%-6d %-9s %-6d %-10d %-8d %-8d %-8d %-8d %-8d %-9d %s%n", container.slot(), container.phase(),
                    container.route(), container.generation(), container.audited(), container.denied(), container.killed(),
                    container.errors(), container.eventsLost(), container.eventsThrottled(),
                    container.name() == null ? Printable.of(container.cgroup()) : container.name() + " (" + String.join(" ", container.policies()) + ")");
        }
        out.flush();
    }

    private static void printAgent(Status status, PrintWriter out) {
        Agent agent = status.agent();
        if (agent == null) {
            out.println("agent: " + status.noAgent());
            out.println("policies: generation " + status.generation() + ", enforced without the agent");
            return;
        }
        out.println("agent: version " + agent.version() + ", process " + agent.pid() + ", since " + agent.since() + ", "
                + (agent.runtime().isEmpty() ? "no runtime yet" : "runtime " + agent.runtime()) + ": " + agent.link());
        out.println("policies: generation " + agent.generation() + ": " + String.join(" ", agent.policies()));
        agent.problems().forEach(problem -> out.println("refused, not in force: " + problem));
    }
}
