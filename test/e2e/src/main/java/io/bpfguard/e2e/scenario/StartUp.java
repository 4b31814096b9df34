package io.bpfguard.e2e.scenario;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** How long the agent takes, which on an emulated machine is a note and not a verdict beyond a wide bound. */
public final class StartUp implements Scenario {
    private static final Duration LIMIT = Duration.ofSeconds(5);
    /** How much slower than a machine of today this one may be; an emulated guest is 10 to 30 times slower. */
    private static final double SLOWNESS = Double.parseDouble(System.getenv().getOrDefault("BPFGUARD_E2E_SLOWNESS", "30"));
    private static final int CREATES = 10;

    @Override
    public String name() {
        return "start-up";
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.agent.stop();
        int mark = stage.agent.events().mark();
        long start = System.nanoTime();
        stage.agent.launch();
        // It links to the runtime only when it is ready to register at once.
        stage.agent.awaitState(mark, "registering")
                .orElseThrow(() -> new IllegalStateException("the agent does not say registering"));
        double took = (System.nanoTime() - start) / 1e9;
        stage.agent.awaitState(mark, "synchronized");
        stage.report.note("from start to registration %.1f s on this machine".formatted(took));
        stage.report.check(took < LIMIT.toSeconds() * SLOWNESS,
                "it registers in %d s on a machine of today, times %.0f here".formatted(LIMIT.toSeconds(), SLOWNESS),
                "%.1f s".formatted(took));
        stage.report.note("CreateContainer with the agent, ms: " + creates(stage));
        var status = stage.agent.command("status");
        stage.report.check(status.ok(), "bpfguard status answers", status.ok() ? "" : status.output());
        stage.agent.stop();
        stage.agent.awaitState(mark, "stopping").ifPresent(event -> stage.report.note("handler: " + event));
    }

    private static List<Long> creates(Stage stage) {
        var pod = stage.pod("start-up");
        var took = new ArrayList<Long>();
        for (int i = 0; i < CREATES; i++) {
            long start = System.nanoTime();
            stage.kubelet.create(pod, stage.spec("c" + i, "/bin/true"));
            took.add((System.nanoTime() - start) / 1_000_000);
        }
        Collections.sort(took);
        return took;
    }
}
