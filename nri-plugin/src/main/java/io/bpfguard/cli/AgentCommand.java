package io.bpfguard.cli;

import io.bpfguard.agent.Agent;
import io.bpfguard.agent.AgentException;
import io.bpfguard.agent.AgentOptions;
import java.nio.file.Path;
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

    @Mixin
    private EnforcementOptions enforcement;

    @Override
    public Integer call() throws AgentException, InterruptedException {
        try (Agent agent = Agent.start(new AgentOptions(enforcement.directories(), socket, name, index, System.getenv()), System.out)) {
            Runtime.getRuntime().addShutdownHook(new Thread(agent::close, "shutdown"));
            agent.await();
        }
        return 0;
    }
}
