package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import java.nio.file.Path;
import java.util.List;

/** Enforcement outlives the agent, and the next agent goes on where the last one was. */
public final class Lasting implements Scenario {
    private static final int EPERM = 1;

    @Override
    public String name() {
        return "lasting";
    }

    @Override
    public void control(Stage stage) {
        if (append(stage, stage.free(), "kept") != 0) {
            stage.report.voided("the file can be written without us", "");
        }
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(name(), Catalogue.keeping(name(), "kept")));
        var pod = stage.pod(name());
        var old = stage.idle(pod, "old");
        judged(stage, old, "kept", "with the agent");

        stage.free();
        stage.agent.kill();
        judged(stage, old, "kept", "after kill -9 of the agent");
        freeWorks(stage, "while no agent runs");

        int mark = stage.agent.events().mark();
        stage.agent.start();
        judged(stage, old, "kept", "after a new agent came");
        reported(stage, mark, old, "the new agent reports the old container's denial");

        mark = stage.agent.events().mark();
        var fresh = stage.idle(pod, "fresh");
        judged(stage, fresh, "kept", "for a new container");
        reported(stage, mark, fresh, "the new agent reports the new container's denial");

        stage.policies.change(() -> stage.policies.write(name(), Catalogue.keeping(name(), "other")));
        judged(stage, old, "other", "by an edit after the restart");
        stage.report.check(append(stage, old, "kept") == 0, "the edit also lifts the old rule from the old container", "");
        freeWorks(stage, "after all that");
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    private static void judged(Stage stage, Container container, String file, String when) {
        Path path = stage.sharedFile(file, "");
        int exit = append(stage, container, file);
        stage.report.check(exit == EPERM && Stage.size(path) == 0, "container " + container.name() + " is judged " + when,
                "exit " + exit + ", size " + Stage.size(path));
    }

    private static void reported(Stage stage, int mark, Container container, String text) throws InterruptedException {
        var events = stage.agent.events().settled(
                mark, event -> event.isDecision() && event.containerId().equals(container.id()), 1, stage.agent.patience());
        boolean good = !events.isEmpty()
                && events.stream().allMatch(event -> event.policy().equals("lasting") && event.rule().startsWith("files[0]"));
        stage.report.check(good, text, events.toString());
    }

    private static void freeWorks(Stage stage, String when) {
        stage.sharedFile("kept", "");
        int exit = append(stage, stage.free(), "kept");
        stage.report.check(exit == 0, "an unselected pod is not judged " + when, exit == 0 ? "" : "exit " + exit);
    }

    private static int append(Stage stage, Container container, String file) {
        if (!java.nio.file.Files.exists(stage.layout.shared().resolve(file))) {
            stage.sharedFile(file, "");
        }
        return stage.kubelet.execSync(container, List.of("/probes/file", "append", "/shared/" + file)).exitCode();
    }
}
