package io.bpfguard.cli;

import io.bpfguard.agent.Agent;
import io.bpfguard.agent.AgentException;
import io.bpfguard.agent.AgentOptions;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bpfguard load}. */
@Command(name = "load", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:the policies are in force", "1:they are not, and what was in force stays", "2:wrong use"},
        description = "Puts the policies in force and ends: for hosts without an agent, where containers come by the OCI hook. Containers that the hook"
            + " took in get their new policies at once. Without an agent nobody writes events: they are counted, and lost.")
final class LoadCommand implements Callable<Integer> {
    @Option(names = "--policies", paramLabel = "DIR", defaultValue = "/etc/bpfguard/policies.d",
            description = "Directory of policies (default: ${DEFAULT-VALUE}).")
    private Path policies;

    @Option(names = "--state", paramLabel = "DIR", defaultValue = "/var/lib/bpfguard",
            description = "Directory for the copy of the policies in force (default: ${DEFAULT-VALUE}).")
    private Path state;

    @Option(names = "--run", paramLabel = "DIR", defaultValue = "/run/bpfguard",
            description = "Directory for the agent's lock, and for what the hook reads (default: ${DEFAULT-VALUE}).")
    private Path run;

    @Mixin
    private ProgramsOption programs;

    @Mixin
    private KernelStateOption kernelState;

    @Override
    public Integer call() throws AgentException {
        return Agent.load(new AgentOptions(policies, programs.path, Path.of(""), kernelState.path, state, run, "", "", Map.of()), System.out) ? 0 : 1;
    }
}
