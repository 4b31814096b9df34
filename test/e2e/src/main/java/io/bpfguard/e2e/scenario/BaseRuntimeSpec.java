package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Pod;
import io.bpfguard.e2e.node.Containerd;
import io.bpfguard.e2e.node.Event;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/** Pods of a containerd without NRI: by the OCI hook that every container of a runtime handler has from its base specification. */
public final class BaseRuntimeSpec implements Scenario {
    private static final int EPERM = 1;
    private static final String LABELS = "bpfguard.io/labels";

    private int serial;

    @Override
    public String name() {
        return "base-runtime-spec";
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        String outcome = start(stage, stage.pod(name()));
        if (!outcome.equals("exit 0, size 1")) {
            stage.report.voided("the first system call gets through without us", outcome);
        }
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.agent.stop();
        stage.policies.write(name(), Catalogue.keeping(name(), "first-opens/*", "kept"));
        var loaded = stage.agent.command("load");
        stage.report.check(loaded.ok(), "bpfguard load puts the policies in force", loaded.output());

        var pod = stage.pod(name(), Containerd.GUARDED_HANDLER, Map.of(LABELS, "app=" + name()));
        String outcome = start(stage, pod);
        stage.report.check(outcome.equals("exit 1, size 0"), stage.kubelet.version() + ": the first system call is denied, by the labels in the pod's annotation", outcome);
        var container = stage.idle(pod, "stays");
        Path kept = stage.sharedFile("kept", "");
        int exit = stage.kubelet.execSync(container, java.util.List.of("/probes/file", "append", "/shared/kept")).exitCode();
        stage.report.check(exit == EPERM && Stage.size(kept) == 0, "a session is judged", "exit " + exit + ", size " + Stage.size(kept));

        outcome = start(stage, stage.pod("other", Containerd.GUARDED_HANDLER, Map.of(LABELS, "app=other")));
        stage.report.check(outcome.equals("exit 0, size 1"), "a pod whose annotation has other labels is let through", outcome);
        outcome = start(stage, stage.pod("unknown", Containerd.GUARDED_HANDLER, Map.of()));
        stage.report.check(outcome.contains("size 0") && outcome.contains(LABELS) && outcome.contains(name()),
                "where only labels decide and nobody says them, the container is refused with the reason", outcome);
        outcome = start(stage, stage.pod(name()));
        stage.report.check(outcome.equals("exit 0, size 1"), "a pod of another runtime handler has no hook", outcome);
        if (!stage.kubelet.version().contains(" 1.6.")) {
            claimedTwice(stage);
        }
        stage.policies.remove(name());
    }

    /** The agent hears of a container by NRI and by the hook: it has one route, by the labels that the runtime tells. */
    private void claimedTwice(Stage stage) throws InterruptedException {
        stage.guarded();
        var pod = stage.pod(name(), Containerd.GUARDED_HANDLER, Map.of(LABELS, "app=other"));
        int mark = stage.agent.events().mark();
        String outcome = start(stage, pod);
        int events = stage.agent.events().settled(mark, Event::isDecision, 1, stage.agent.patience()).size();
        stage.report.check(outcome.equals("exit 1, size 0") && events == 1, "claimed by NRI and by the hook: judged by the pod's own labels, once",
                outcome + ", " + events + " events");
        var container = stage.idle(pod, "twice");
        long slots = Stream.of(stage.agent.command("status").output().split("\n")).filter(line -> line.contains(container.id())).count();
        stage.report.check(slots == 1, "it has one slot", slots + " slots");
    }

    private String start(Stage stage, Pod pod) throws InterruptedException {
        String file = "first-opens/base-" + serial++;
        Path seen = stage.sharedFile(file, "");
        try {
            var container = stage.kubelet.run(pod, stage.spec("first-" + serial, "/probes/first-open", "/shared/" + file));
            return "exit " + stage.kubelet.awaitExit(container, stage.agent.patience()).exitCode() + ", size " + Stage.size(seen);
        } catch (StatusRuntimeException refused) {
            return "size " + Stage.size(seen) + ", " + refused.getMessage();
        }
    }
}
