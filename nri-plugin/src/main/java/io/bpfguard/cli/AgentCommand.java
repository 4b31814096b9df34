package io.bpfguard.cli;

import io.bpfguard.agent.Agent;
import io.bpfguard.agent.AgentException;
import io.bpfguard.agent.AgentOptions;
import io.bpfguard.bpf.routing.Unclaimed;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bpfguard agent}. */
@Command(name = "agent", mixinStandardHelpOptions = true,
        description = "Runs the agent: links to the container runtime by NRI, enforces policies, writes events to standard output.")
final class AgentCommand implements Callable<Integer> {
    @Option(names = "--nri-socket", paramLabel = "PATH", defaultValue = "/var/run/nri/nri.sock",
            description = "The runtime's NRI socket (default: ${DEFAULT-VALUE}).")
    private Path socket;

    @Option(names = "--nri-name", defaultValue = "bpfguard", description = "Name to register with (default: ${DEFAULT-VALUE}).")
    private String name;

    @Option(names = "--nri-index", defaultValue = "05",
            description = "Two digits: the runtime calls plugins in this order (default: ${DEFAULT-VALUE}).")
    private String index;

    @Option(names = "--unclaimed", paramLabel = "WHAT", defaultValue = "deny",
            description = "What to do, also while no agent runs, when the workload of a container is executed that the runtime made without the agent's answer:"
                    + " ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Unclaimed.Mode unclaimed;

    @Option(names = "--guarded-root", paramLabel = "CGROUP", defaultValue = "kubepods,kubepods.slice", split = ",",
            description = "Names of cgroups below the root, in which such containers are looked for (default: ${DEFAULT-VALUE}).")
    private Set<String> guardedRoots;

    @Option(names = "--pause-program", paramLabel = "NAME", defaultValue = "pause", split = ",",
            description = "File names of the programs that hold a pod's namespaces; they are stopped rather than refused, until the agent is told of the pod"
                    + " (default: ${DEFAULT-VALUE}).")
    private Set<String> pausePrograms;

    @Mixin
    private EnforcementOptions enforcement;

    @Override
    public Integer call() throws AgentException, InterruptedException {
        try (Agent agent = Agent.start(new AgentOptions(enforcement.directories(), socket, name, index, new Unclaimed(unclaimed, guardedRoots, pausePrograms), System.getenv()), System.out)) {
            Runtime.getRuntime().addShutdownHook(new Thread(agent::close, "shutdown"));
            agent.await();
        }
        return 0;
    }
}
