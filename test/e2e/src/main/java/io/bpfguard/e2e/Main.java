package io.bpfguard.e2e;

import io.bpfguard.e2e.node.Agent;
import io.bpfguard.e2e.node.Containerd;
import io.bpfguard.e2e.node.Events;
import io.bpfguard.e2e.node.Layout;
import io.bpfguard.e2e.scenario.Report;
import io.bpfguard.e2e.scenario.Scenarios;
import io.bpfguard.e2e.scenario.Stage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs scenarios on the node it stands on, which must be a throw-away guest. */
@Command(name = "e2e", mixinStandardHelpOptions = true, sortOptions = false)
public final class Main implements Callable<Integer> {
    /** Held here, because a logger that nobody holds forgets its level. */
    private static final Logger NETTY = Logger.getLogger("io.grpc.netty");

    @Option(names = "--source", required = true, description = "the checkout, with the product built")
    private Path source;

    @Option(names = "--work", required = true, description = "scratch, with images and probes in it")
    private Path work;

    @Option(names = "--long", description = "the full counts")
    private boolean full;

    @Option(names = "--patience", description = "seconds that a reaction of the agent may take (${DEFAULT-VALUE})")
    private long patience = 600;

    @Parameters(paramLabel = "GROUP", description = "groups or scenarios to run, in this order")
    private List<String> names = List.of("all");

    public static void main(String[] arguments) {
        NETTY.setLevel(Level.SEVERE);
        System.exit(new CommandLine(new Main()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        var tails = new LogTails();
        var scenarios = Scenarios.named(names);
        var layout = new Layout(source, work);
        var report = new Report(System.out);
        var agent = new Agent(layout, new Events(work.resolve("events.log")), Duration.ofSeconds(patience));
        var containerd = new Containerd(layout);
        if (Scenarios.needRuntime(scenarios)) {
            containerd.start(Containerd.USUAL_NRI_TIMEOUT);
        }
        try (var stage = new Stage(layout, containerd, agent, report, full)) {
            for (var scenario : scenarios) {
                report.enter(scenario.name());
                guardedAgainstErrors(report, "its control", () -> scenario.control(stage));
                guardedAgainstErrors(report, "clearing up", stage::clear);
            }
            for (var scenario : scenarios) {
                report.enter(scenario.name());
                guardedAgainstErrors(report, "it", () -> scenario.run(stage));
                guardedAgainstErrors(report, "clearing up", stage::clear);
                report.leave();
                if (!report.groupIsGood()) {
                    tails.print(System.out, agent.log(), Containerd.LOG);
                }
            }
            agent.stop();
        }
        report.totals();
        return report.good() ? 0 : 1;
    }

    private interface Part {
        void run() throws Exception;
    }

    /** One scenario that breaks is a failed check, not the end of the others. */
    private static void guardedAgainstErrors(Report report, String what, Part part) {
        try {
            part.run();
        } catch (Exception e) {
            e.printStackTrace(System.out);
            report.check(false, what + " ran to its end", e.toString());
        }
    }
}
