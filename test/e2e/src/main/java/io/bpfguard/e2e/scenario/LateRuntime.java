package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.node.Containerd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The agent is there before the runtime: no NRI socket yet. It waits, says so, and is in time for the first pod. */
public final class LateRuntime implements Scenario {
    private static final int EPERM = 1;
    private static final Path SOCKET = Path.of("/var/run/nri/nri.sock");
    private static final String POLICY = Catalogue.keeping("late-runtime", "kept");

    @Override
    public String name() {
        return "late-runtime";
    }

    @Override
    public void run(Stage stage) throws Exception {
        stage.agent.stop();
        stage.containerd.kill();
        Files.deleteIfExists(SOCKET);
        stage.policies.write(name(), POLICY);
        int mark = stage.agent.events().mark();
        stage.agent.launch();
        boolean said = saysSo(stage);
        stage.report.check(said && stage.agent.running(), "without an NRI socket the agent waits and says so in its log", "");
        stage.containerd.start(Containerd.USUAL_NRI_TIMEOUT);
        stage.report.check(stage.agent.awaitState(mark, "synchronized").isPresent(), "it registers once the runtime is there", "");
        int exit = stage.readShared(stage.idle(stage.pod(name()), "main"), "kept");
        stage.report.check(exit == EPERM, "the first container is judged", "exit " + exit);
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    /** Whether the log's new part names the socket, in the time that a reaction may take. */
    private static boolean saysSo(Stage stage) throws IOException, InterruptedException {
        long end = System.nanoTime() + stage.agent.patience().toNanos();
        long before = Files.exists(stage.agent.log()) ? Stage.size(stage.agent.log()) : 0;
        while (System.nanoTime() < end) {
            String log = Files.readString(stage.agent.log());
            if (log.substring((int) Math.min(before, log.length())).contains("nri.sock")) {
                return true;
            }
            Thread.sleep(200);
        }
        return false;
    }
}
