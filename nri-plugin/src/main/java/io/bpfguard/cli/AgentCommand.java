package io.bpfguard.cli;

import io.bpfguard.agent.Agent;
import io.bpfguard.agent.AgentException;
import io.bpfguard.agent.AgentOptions;
import io.bpfguard.agent.AgentOutput;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

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

    @Mixin
    private EventsFileOption events;

    @Option(names = "--events-size", paramLabel = "MIB", defaultValue = "64",
            description = "Size at which a file of events is full; 0 to keep no file (default: ${DEFAULT-VALUE}).")
    private int eventsSize;

    @Option(names = "--events-kept", paramLabel = "N", defaultValue = "4", description = "How many full files of events stay (default: ${DEFAULT-VALUE}).")
    private int eventsKept;

    @Option(names = "--metrics", paramLabel = "ADDRESS:PORT", defaultValue = "127.0.0.1:9764",
            description = "Where metrics are served over HTTP, to whoever comes, or \"off\" (default: ${DEFAULT-VALUE}).")
    private String metrics;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws AgentException, InterruptedException {
        try (Agent agent = Agent.start(new AgentOptions(enforcement.directories(), output(), socket, name, index, System.getenv()), System.out)) {
            Runtime.getRuntime().addShutdownHook(new Thread(agent::close, "shutdown"));
            agent.await();
        }
        return 0;
    }

    private AgentOutput output() {
        if (eventsSize < 0 || eventsKept < 0) {
            throw new ParameterException(spec.commandLine(), "--events-size and --events-kept are numbers from 0 on");
        }
        return new AgentOutput(Optional.of(events.path).filter(_ -> eventsSize > 0), (long) eventsSize << 20, eventsKept,
                metrics.equals("off") ? Optional.empty() : Optional.of(address()));
    }

    private InetSocketAddress address() {
        int colon = metrics.lastIndexOf(':');
        try {
            return new InetSocketAddress(metrics.substring(0, Math.max(colon, 0)).replaceAll("^\\[|]$", ""), Integer.parseInt(metrics.substring(colon + 1)));
        } catch (IllegalArgumentException wrong) {
            throw new ParameterException(spec.commandLine(), "--metrics is an address and a port, such as 127.0.0.1:9764, or \"off\"; not " + metrics);
        }
    }
}
