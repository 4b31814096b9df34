package io.bpfguard.cli;

import io.bpfguard.control.AgentStatus;
import io.bpfguard.control.ControlClient;
import io.bpfguard.control.ControlClient.NoAgent;
import io.bpfguard.control.Request;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bpfguard reload}. */
@Command(name = "reload", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {"0:what the directory says is in force", "1:it is not, with the reasons; what was in force stays", "2:wrong use"},
        description = "Has the agent read the policies again and says whether they are in force. The agent does so by itself when a file changes;"
            + " this is to wait for it, and to hear what is wrong.")
final class ReloadCommand implements Callable<Integer> {
    /** The first policies of a kind attach hooks, which takes seconds. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @Mixin
    private RunOption run;

    @Option(names = "--json", description = "Print one JSON object: generation, policies and problems.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** The names are those in JSON. */
    private record Reloaded(int generation, List<String> policies, List<String> problems) {}

    @Override
    public Integer call() throws NoAgent {
        AgentStatus status = new ControlClient(run.path).ask(Request.RELOAD, PATIENCE);
        if (json) {
            JsonOutput.print(new Reloaded(status.generation(), status.policies(), status.problems()), spec.commandLine().getOut());
        } else {
            status.problems().forEach(problem -> spec.commandLine().getErr().println(problem));
            String inForce = status.generation() == 0 ? "no policies are in force"
                    : status.policies().size() + " policies are in force, generation " + status.generation();
            (status.problems().isEmpty() ? spec.commandLine().getOut() : spec.commandLine().getErr()).println(inForce);
            spec.commandLine().getErr().flush();
            spec.commandLine().getOut().flush();
        }
        return status.problems().isEmpty() ? 0 : 1;
    }
}
