package io.bpfguard.cli;

import io.bpfguard.agent.Agent;
import io.bpfguard.agent.AgentException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code bpfguard load}. */
@Command(name = "load", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:the policies are in force", "1:they are not, and what was in force stays", "2:wrong use"},
        description = "Puts the policies in force and ends: for hosts without an agent, where containers come by the OCI hook. Containers that the hook"
            + " took in get their new policies at once. Without an agent nobody writes events: they are counted, and lost.")
final class LoadCommand implements Callable<Integer> {
    @Mixin
    private EnforcementOptions enforcement;

    @Override
    public Integer call() throws AgentException {
        return Agent.load(enforcement.directories(), System.out) ? 0 : 1;
    }
}
