package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.node.Containerd;

/** The runtime is killed and comes back: the agent says so, registers again, and old and new containers are judged. */
public final class RuntimeRestart implements Scenario {
    private static final int EPERM = 1;
    private static final String POLICY = Catalogue.keeping("runtime-restart", "kept");

    @Override
    public String name() {
        return "runtime-restart";
    }

    @Override
    public void control(Stage stage) {
        if (stage.readShared(stage.free(), "kept") != 0) {
            stage.report.voided("the file can be read without us", "");
        }
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(name(), POLICY));
        var pod = stage.pod(name());
        var old = stage.idle(pod, "old");
        int mark = stage.agent.events().mark();
        stage.containerd.kill();
        stage.report.check(stage.agent.awaitState(mark, "disconnected").isPresent(), "the agent says that the runtime is gone", "");
        stage.containerd.start(Containerd.USUAL_NRI_TIMEOUT);
        stage.report.check(stage.agent.awaitState(mark, "synchronized").isPresent(), "it registers again by itself", "");
        stage.report.check(stage.readShared(old, "kept") == EPERM, "the old container is judged", "");
        stage.report.check(stage.readShared(stage.idle(pod, "fresh"), "kept") == EPERM, "a new container is judged", "");
        stage.report.check(stage.readShared(stage.free(), "kept") == 0, "an unselected pod is not", "");
        stage.policies.change(() -> stage.policies.remove(name()));
    }
}
