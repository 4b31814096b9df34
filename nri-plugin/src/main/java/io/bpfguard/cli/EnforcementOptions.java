package io.bpfguard.cli;

import io.bpfguard.agent.AgentDirectories;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where the commands that put policies in force find and leave things. */
final class EnforcementOptions {
    @Option(names = "--policies", paramLabel = "DIR", defaultValue = "/etc/bpfguard/policies.d",
            description = "Directory of policies (default: ${DEFAULT-VALUE}).")
    private Path policies;

    @Option(names = "--state", paramLabel = "DIR", defaultValue = "/var/lib/bpfguard",
            description = "Directory for the copy of the policies in force (default: ${DEFAULT-VALUE}).")
    private Path state;

    @Option(names = "--run", paramLabel = "DIR", defaultValue = "/run/bpfguard",
            description = "Directory for the agent's lock and socket, and for what the OCI hook reads (default: ${DEFAULT-VALUE}).")
    private Path run;

    @Mixin
    private ProgramsOption programs;

    @Mixin
    private KernelStateOption kernelState;

    AgentDirectories directories() {
        return new AgentDirectories(policies, programs.path, kernelState.path, state, run);
    }
}
