package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.cri.Pod;
import io.bpfguard.e2e.node.Shell;
import io.grpc.StatusRuntimeException;

/**
 * An agent that starts with wrong policies and has no copy of earlier ones: it links to the runtime and refuses creations
 * with the reason. What runs stays as it is, until the file is mended.
 */
public final class WrongStart implements Scenario {
    private static final int EPERM = 1;
    private static final String COPY = "/var/lib/bpfguard/accepted";
    private static final String POLICY = Catalogue.keeping("wrong-start", "kept");
    private static final String WRONG = POLICY.replace("action: deny", "action: refuse");

    @Override
    public String name() {
        return "wrong-start";
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
        stage.agent.stop();
        startWrong(stage);
        stage.report.check(stage.readShared(old, "kept") == EPERM, "a container that was judged still is", "");
        refused(stage, pod);
        mended(stage, pod, old, "after an earlier agent");

        stage.agent.stop();
        stage.agent.uninstall();
        startWrong(stage);
        stage.report.check(stage.readShared(old, "kept") == 0, "on a node without an earlier agent, what runs is left alone", "");
        refused(stage, pod);
        mended(stage, pod, old, "as the node's first");
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    private void startWrong(Stage stage) throws InterruptedException {
        Shell.must("rm", "-rf", COPY);
        stage.policies.write(name(), WRONG);
        int mark = stage.agent.events().mark();
        stage.agent.start();
        var rejected = stage.agent.events().since(mark, event -> event.kind().equals("policies-rejected"));
        stage.report.check(rejected.size() == 1 && rejected.getFirst().json().path("problems").toString().contains(name() + ".yaml:"),
                "an agent that starts with wrong policies links to the runtime, and says where they are wrong", rejected.toString());
    }

    private static void refused(Stage stage, Pod pod) {
        String answer = "";
        try {
            stage.kubelet.create(pod, stage.spec("refused", "/bin/true"));
        } catch (StatusRuntimeException refused) {
            answer = String.valueOf(refused.getStatus().getDescription());
        }
        stage.report.check(answer.contains("BPFGuard has no valid policies"), "a new container is refused with the reason",
                answer.isEmpty() ? "it was created" : answer);
    }

    /** The file is right again: old and new containers are judged by it. */
    private void mended(Stage stage, Pod pod, Container old, String when) throws InterruptedException {
        stage.policies.change(() -> stage.policies.write(name(), POLICY));
        stage.report.check(stage.readShared(old, "kept") == EPERM, "when the file is mended the old container is judged, " + when, "");
        var fresh = stage.idle(pod, "fresh-" + when.replace(' ', '-').replace("'", ""));
        stage.report.check(stage.readShared(fresh, "kept") == EPERM, "and a new one", "");
        stage.report.check(stage.readShared(stage.free(), "kept") == 0, "and none that no policy selects", "");
    }
}
