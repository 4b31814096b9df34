package io.bpfguard.cli;

import io.bpfguard.bpf.routing.ContainerState;
import io.bpfguard.bpf.routing.KernelTables;
import io.bpfguard.bpf.routing.KernelTables.LoadedRoute;
import io.bpfguard.policy.model.Printable;
import java.io.PrintWriter;
import java.util.List;
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

/** {@code bpfguard routes}. */
@Command(name = "routes", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:the tables are shown", "1:there are none, or they cannot be read", "2:wrong use"},
        description = "Prints the routing tables, read back from the kernel: for each route the containers that have it, and for each hook the programs that"
            + " run there one after the other, each with its ruleset. Needs no agent.")
final class RoutesCommand implements Callable<Integer> {
    @Mixin
    private KernelStateOption kernelState;

    @Option(names = "--json", description = "Print one JSON object: generation, digest and routes (number, containers (slot, cgroup),"
            + " chains (hook, number, steps (program, ruleset, size, prevents))).")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** The names are those in JSON. */
    private record Tables(int generation, String digest, List<Route> routes) {}

    private record Route(int number, List<Container> containers, List<KernelTables.LoadedChain> chains) {
        static Route of(LoadedRoute route, Map<Integer, ContainerState> bySlot) {
            return new Route(route.number(), route.containers().stream().map(slot -> new Container(slot, bySlot.get(slot).name())).toList(), route.chains());
        }
    }

    private record Container(int slot, String cgroup) {}

    @Override
    public Integer call() {
        Optional<KernelTables> read = KernelTables.read(kernelState.path);
        if (read.isEmpty()) {
            spec.commandLine().getErr().println(kernelState.nothing());
            return 1;
        }
        Map<Integer, ContainerState> bySlot = read.get().containers().stream().collect(Collectors.toMap(ContainerState::slot, Function.identity()));
        Tables tables = new Tables(read.get().policies().map(policies -> policies.generation()).orElse(0), read.get().policies().map(policies -> policies.name()).orElse(""),
                read.get().routes().stream().map(route -> Route.of(route, bySlot)).toList());
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            JsonOutput.print(tables, out);
        } else {
            print(tables, out);
        }
        return 0;
    }

    private static void print(Tables tables, PrintWriter out) {
        out.println("generation " + tables.generation());
        for (Route route : tables.routes()) {
            out.println("route " + route.number() + ": " + route.containers().stream().map(container -> Printable.of(container.cgroup()) + " (slot " + container.slot() + ")")
                    .collect(Collectors.joining(", ")));
            for (KernelTables.LoadedChain chain : route.chains()) {
                out.printf("  %-28s chain %-5d %s%n", chain.hook(), chain.number(), chain.steps().stream().map(step -> step.program() + " ruleset " + step.ruleset()
                        + " " + (step.size() == 0 ? "missing" : step.size() / 1024 + " KiB") + (step.prevents() ? "" : " audit")).collect(Collectors.joining(" -> ")));
            }
        }
        out.flush();
    }
}
