package io.bpfguard.cli;

import io.bpfguard.agent.AgentException;
import io.bpfguard.bpf.libbpf.BpfException;
import io.bpfguard.bpf.routing.RoutingException;
import io.bpfguard.control.ControlClient.NoAgent;
import io.bpfguard.control.Version;
import io.bpfguard.install.InstallException;
import io.bpfguard.policy.compile.StateFileException;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.state.StateException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code bpfguard}: the agent, and looking at policies and at the node. Exit status: 0 done, 1 a refusal with its reason, 2 wrong use. */
@Command(name = "bpfguard", mixinStandardHelpOptions = true, version = "bpfguard " + Version.PRODUCT,
        description = "Mandatory access control for containers, by eBPF.",
        subcommands = {AgentCommand.class, LoadCommand.class, ReloadCommand.class, StatusCommand.class, PoliciesCommand.class, EventsCommand.class,
            RoutesCommand.class, CheckCommand.class, TestCommand.class, ExplainCommand.class, LearnCommand.class, SchemaCommand.class, DoctorCommand.class, HookCommand.class,
            UninstallCommand.class, VersionCommand.class})
public final class Main {
    /** Above the exit codes in each command's help. */
    static final String EXIT_CODES = "%nExit status:%n";

    private Main() {}

    /** The entry point. */
    public static void main(String... arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        CommandLine command = new CommandLine(new Main());
        command.setExecutionExceptionHandler((failure, line, parsed) -> {
            report(failure, line.getErr());
            return 1;
        });
        return command;
    }

    /** What went wrong and what to do, without a stack trace where the message is meant for people. */
    private static void report(Exception failure, PrintWriter err) {
        switch (failure) {
            case PolicyException wrong -> wrong.problems().forEach(err::println);
            case AgentException refused -> err.println("bpfguard: " + refused.getMessage());
            case NoAgent refused -> err.println("bpfguard: " + refused.getMessage());
            case StateException refused -> err.println("bpfguard: " + refused.getMessage());
            case StateFileException refused -> err.println("bpfguard: the file of the policies in force " + refused.getMessage());
            case InstallException refused -> err.println("bpfguard: " + refused.getMessage());
            case RoutingException refused -> err.println("bpfguard: " + refused.getMessage());
            case BpfException refused -> err.println("bpfguard: " + refused.getMessage());
            default -> failure.printStackTrace(err);
        }
        err.flush();
    }
}
