package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.node.Event;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A script with a scheduled job is learnt from as it runs; under the policy that comes of it it goes on as before, and a foreign program does not run. */
public final class Learn implements Scenario {
    private static final String NAME = "learn";
    /** The job runs many times in it, on an emulated machine too. */
    private static final String TIME = "45s";
    private static final String SCRIPT = "while :; do cat /etc/passwd | wc -l >/shared/learn/count.tmp; mv /shared/learn/count.tmp /shared/learn/count;"
            + " date >>/shared/learn/log; sleep 1; done";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void run(Stage stage) throws Exception {
        stage.guarded();
        Path log = stage.sharedFile("learn/log", "");
        var pod = stage.pod(NAME);
        var container = stage.kubelet.run(pod, stage.spec("job", "/bin/sh", "-c", SCRIPT));
        Path policy = stage.layout.work().resolve("learnt.yaml");
        Files.deleteIfExists(policy);
        int mark = stage.agent.events().mark();
        var learning = CompletableFuture.supplyAsync(() -> stage.agent.command("learn", "--namespace", "e2e", "--pod", pod.spec().name(), "--for", TIME, "--output", policy.toString()));
        stage.agent.events().await(mark, event -> event.kind().equals("audit"), stage.agent.patience());
        int foreign = stage.kubelet.execSync(container, List.of("/bin/cat", "/etc/hostname")).exitCode();
        var learnt = learning.get();
        stage.report.check(learnt.ok() && foreign == 0, "learn writes a policy, and nothing is denied meanwhile", learnt.output());
        stage.report.check(stage.agent.events().since(mark, event -> event.kind().equals("deny")).isEmpty(), "without a denial", "");
        stage.report.check(!Files.exists(stage.layout.policies().resolve("bpfguard-learn.yaml")), "the policy that audits is gone", "");
        if (!learnt.ok()) {
            return;
        }
        var check = stage.agent.command("check", "--node", policy.toString());
        stage.report.check(check.ok(), "the node accepts it", check.output());
        stage.report.note("learnt: " + Files.readString(policy).lines().filter(line -> !line.startsWith("#")).count() + " lines");
        enforced(stage, container, Files.readString(policy), log);
    }

    private static void enforced(Stage stage, Container container, String policy, Path log) throws IOException, InterruptedException {
        stage.policies.change(() -> stage.policies.write(NAME, policy));
        int mark = stage.agent.events().mark();
        long before = Files.size(log);
        Thread.sleep(10_000);
        var denied = stage.agent.events().since(mark, Event::isDecision);
        stage.report.check(Files.size(log) > before, "under it the job goes on", before + " to " + Files.size(log) + " bytes");
        stage.report.check(denied.isEmpty(), "and nothing of it is denied", denied.toString());
        int known = stage.kubelet.execSync(container, List.of("/bin/cat", "/etc/hostname")).exitCode();
        stage.report.check(known == 0, "what a session did is allowed", "exit " + known);
        mark = stage.agent.events().mark();
        Path marked = stage.sharedFile("learn/marked", "");
        int foreign = stage.kubelet.execSync(container, List.of("/probes/mark", "/shared/learn/marked")).exitCode();
        var events = stage.agent.events().settled(mark, Event::isDecision, 1, stage.agent.patience());
        stage.report.check(foreign != 0 && Files.size(marked) == 0 && events.size() == 1 && events.get(0).errno().equals("EPERM"), "a foreign program does not run, and leaves nothing",
                "exit " + foreign + " " + events);
        int other = stage.kubelet.execSync(container, List.of("/bin/cat", "/etc/group")).exitCode();
        stage.report.check(other != 0, "a file that was never read is not read", "exit " + other);
        var free = stage.kubelet.execSync(stage.free(), List.of("/probes/mark", "/shared/learn/marked"));
        stage.report.check(free.exitCode() == 0 && Files.size(marked) > 0, "the foreign program runs in a pod that the policy does not select", "exit " + free.exitCode());
        stage.policies.change(() -> stage.policies.remove(NAME));
    }
}
