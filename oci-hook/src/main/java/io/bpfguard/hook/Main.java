package io.bpfguard.hook;

import io.bpfguard.bpf.libbpf.BpfException;
import io.bpfguard.bpf.routing.RoutingException;
import io.bpfguard.cgroup.Cgroups;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.state.StateException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The hook that needs no agent; the launcher runs it when none answers. Arguments: STAGE MILLISECONDS NAMESPACE [RUN BPFFS [CGROUPS PROC]],
 * which are {@code createRuntime} or {@code poststop}, how long it may take, the inode number of the runtime's mount namespace, and
 * for tests the directories of {@link NodeState} and of {@link Cgroups}. The runtime's state is on standard input. Exit status 0 only when the container
 * has its route; else 1, and one line on standard error.
 */
public final class Main {
    private static final String CREATE = "createRuntime";
    private static final String STOP = "poststop";

    private Main() {}

    /** The entry point. */
    public static void main(String... arguments) {
        System.exit(run(arguments, System.in, System.err, Cgroups.HERE));
    }

    static int run(String[] arguments, InputStream state, PrintStream err, Cgroups cgroups) {
        String problem;
        try {
            run(arguments, state, cgroups);
            return 0;
        } catch (HookException told) {
            problem = told.getMessage();
        } catch (PolicyException | StateException | RoutingException | BpfException told) {
            problem = new HookException(told.getMessage().strip().replace("\n", "; ")).getMessage();
        } catch (RuntimeException | LinkageError failure) {
            problem = new HookException("internal error: " + failure + "; please report it").getMessage();
        }
        err.println("bpfguard: " + problem);
        return 1;
    }

    private static void run(String[] arguments, InputStream input, Cgroups here) throws HookException, StateException, PolicyException {
        if (arguments.length != 3 && arguments.length != 5 && arguments.length != 7) {
            throw new HookException("the hook was run with " + arguments.length + " arguments, not as its launcher does: STAGE MILLISECONDS NAMESPACE");
        }
        Duration patience = Duration.ofMillis(number(arguments[1]));
        NodeState node = arguments.length >= 5 ? new NodeState(Path.of(arguments[3]), Path.of(arguments[4])) : NodeState.HERE;
        Cgroups cgroups = arguments.length == 7 ? new Cgroups(Path.of(arguments[5]), Path.of(arguments[6])) : here;
        switch (arguments[0]) {
            case CREATE -> node.takeIn(StartingContainer.read(input, cgroups), (int) number(arguments[2]), patience);
            case STOP -> node.giveUp(RuntimeState.read(input).id(), patience);
            default -> throw new HookException("the hook was run for the stage " + arguments[0] + "; it is made for " + CREATE + " and " + STOP);
        }
    }

    private static long number(String text) throws HookException {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException wrong) {
            throw new HookException("\"" + text + "\" is no number", wrong);
        }
    }
}
