package io.bpfguard.e2e.scenario;

import java.time.Duration;
import java.util.List;

/** The agent is there before the runtime: no NRI socket yet. It waits, says so, and is in time for the first pod. */
public final class LateRuntime implements Scenario {
    private static final int EPERM = 1;
    private static final Duration NRI_TIMEOUT = Duration.ofSeconds(60);
    private static final String POLICY = Catalogue.policy("late-runtime", """
            files:
              - action: deny
                paths: [/shared/kept]
                operations: [read, write]
            """);

    @Override
    public String name() {
        return "late-runtime";
    }

    @Override
    public void run(Stage stage) throws Exception {
        stage.agent.stop();
        stage.containerd.kill();
        java.nio.file.Files.deleteIfExists(java.nio.file.Path.of("/var/run/nri/nri.sock"));
        stage.policies.write(name(), POLICY);
        int mark = stage.agent.events().mark();
        stage.agent.launch();
        var waiting = stage.agent.awaitState(mark, "waiting");
        stage.report.check(waiting.isPresent() && stage.agent.running(), "without an NRI socket the agent waits and says so",
                waiting.map(Object::toString).orElse(""));
        stage.containerd.start(NRI_TIMEOUT);
        stage.report.check(stage.agent.awaitState(mark, "synchronized").isPresent(), "it registers once the runtime is there", "");
        stage.sharedFile("kept", "x");
        var result = stage.kubelet.execSync(
                stage.idle(stage.pod(name()), "main"), List.of("/probes/file", "read", "/shared/kept"));
        stage.report.check(result.exitCode() == EPERM, "the first container is judged", result.toString());
        stage.policies.change(() -> stage.policies.remove(name()));
    }
}
