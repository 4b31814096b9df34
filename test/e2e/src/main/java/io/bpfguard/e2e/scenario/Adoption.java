package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Containers that ran before the first agent of their node: from its start on every task in them is judged, threads and
 * children of long ago included.
 */
public final class Adoption implements Scenario {
    private static final int EPERM = 1;
    private static final String POLICY = Catalogue.keeping("adoption", "both", "shell");
    /** The container's first task opens the file itself, in no new process: only the agent's walk over all tasks can label it. */
    private static final String LOOP =
            "while :; do if true </shared/shell; then echo opened; else echo refused; fi 2>/dev/null >>/shared/said; sleep 0.2; done";

    @Override
    public String name() {
        return "adoption";
    }

    @Override
    public void run(Stage stage) throws Exception {
        stage.agent.stop();
        stage.agent.uninstall();
        stage.sharedFile("shell", "x");
        Path said = stage.sharedFile("said", "");
        var pod = stage.pod(name());
        var hammer = Hammer.start(stage, pod);
        var free = Hammer.start(stage, stage.pod("free"));
        var shell = stage.kubelet.run(pod, stage.spec("shell", "/bin/sh", "-c", LOOP));
        if (hammer.refused(Hammer.BOTH) > 0 || !lastBecomes(stage, said, "opened")) {
            stage.report.voided("the tasks open the files without us", hammer.refused(Hammer.BOTH) + " refused");
        }

        stage.policies.write(name(), POLICY);
        int mark = stage.agent.events().mark();
        stage.agent.start();
        hammer.awaitRounds();
        long opened = hammer.opened(Hammer.BOTH);
        hammer.awaitRounds();
        stage.report.check(hammer.opened(Hammer.BOTH) == opened && hammer.refusedAtLeast(Hammer.BOTH) > 0,
                "each of " + Hammer.TASKS + " tasks that ran before the first agent is denied from its start on",
                (hammer.opened(Hammer.BOTH) - opened) + " opened since, " + hammer.refused(Hammer.BOTH) + " refused");
        stage.report.check(hammer.refused(Hammer.ONLY_A) == 0 && hammer.otherFailures() == 0, "they still open what no rule names", "");
        stage.report.check(lastBecomes(stage, said, "refused"), "so is the first task of a container", "");
        stage.report.check(stage.readShared(shell, "shell") == EPERM, "and a new session in it", "");
        for (var container : List.of(hammer.container(), shell)) {
            stage.report.check(reported(stage, mark, container), "the denials of container " + container.name() + " are reported", "");
        }
        int before = lines(said).size();
        long freeBefore = free.opened(Hammer.BOTH);
        free.awaitRounds();
        stage.report.check(free.opened(Hammer.BOTH) > freeBefore && free.refused(Hammer.BOTH) == 0,
                "a container that no policy selects goes on", free.refused(Hammer.BOTH) + " refused");
        stage.agent.kill();
        hammer.awaitRounds();
        stage.report.check(hammer.opened(Hammer.BOTH) == opened && lines(said).subList(before, lines(said).size()).stream().allMatch("refused"::equals),
                "all that holds after kill -9 of the agent", "");
        stage.policies.remove(name());
        stage.agent.start();
    }

    private boolean reported(Stage stage, int mark, Container container) throws InterruptedException {
        return stage.agent.events().await(mark, event -> event.isDecision() && event.containerId().equals(container.id()), stage.agent.patience())
                .filter(event -> event.policy().equals(name()) && event.rule().startsWith("files[0]"))
                .isPresent();
    }

    /** Waits for the shell to say something new. */
    private static boolean lastBecomes(Stage stage, Path said, String word) throws IOException, InterruptedException {
        long end = System.nanoTime() + stage.agent.patience().toNanos();
        while (System.nanoTime() < end) {
            var lines = lines(said);
            if (!lines.isEmpty() && lines.getLast().equals(word)) {
                return true;
            }
            Thread.sleep(50);
        }
        return false;
    }

    private static List<String> lines(Path file) throws IOException {
        return Files.readAllLines(file);
    }
}
