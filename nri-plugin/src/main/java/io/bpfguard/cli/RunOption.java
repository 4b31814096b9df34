package io.bpfguard.cli;

import io.bpfguard.control.AgentStatus;
import io.bpfguard.control.ControlClient;
import io.bpfguard.control.ControlClient.NoAgent;
import io.bpfguard.control.Request;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Option;

/** Where the agent has its sockets and what it shares with the OCI hook. */
final class RunOption {
    /** One that is well answers at once; on a machine that is too busy it may take its time. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Option(names = "--run", paramLabel = "DIR", defaultValue = "/run/bpfguard", description = "The agent's --run (default: ${DEFAULT-VALUE}).")
    Path path;

    /** What the agent says of itself. */
    AgentStatus agent() throws NoAgent {
        return new ControlClient(path).ask(Request.STATUS, PATIENCE);
    }
}
