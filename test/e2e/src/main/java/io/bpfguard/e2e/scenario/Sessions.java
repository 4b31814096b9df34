package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.cri.ExecResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Sessions in a running container, as kubectl exec makes them: judged from their first instruction on. */
public final class Sessions implements Scenario {
    private static final int SESSIONS = 100;
    private static final int EPERM = 1;
    private static final String POLICY = Catalogue.policy("sessions", """
            processes:
              - name: no-mark
                action: deny
                paths: [/probes/mark]
            files:
              - action: deny
                paths: [/shared/first]
                operations: [read, write]
            """);

    /** What a session tries. */
    private enum Attempt {
        FIRST_OPEN("first", "/probes/first-open", "/shared/first"),
        FIRST_EXEC("marked", "/probes/first-exec", "/probes/mark", "/shared/marked"),
        /** The session's own command is the denied program: its exec is the runtime's last act. */
        COMMAND("marked", "/probes/mark", "/shared/marked");

        final String file;
        final List<String> command;

        Attempt(String file, String... command) {
            this.file = file;
            this.command = List.of(command);
        }
    }

    @Override
    public String name() {
        return "sessions";
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        for (var attempt : Attempt.values()) {
            for (boolean streamed : new boolean[] {false, true}) {
                stage.sharedFile(attempt.file, "");
                var result = session(stage, stage.free(), attempt, streamed);
                if (result.exitCode() != 0 || Stage.size(stage.layout.shared().resolve(attempt.file)) != 1) {
                    stage.report.voided(way(streamed) + " " + attempt + " gets through without us", result.toString());
                }
            }
        }
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(name(), POLICY));
        var container = stage.idle(stage.pod(name()), "main");
        for (boolean streamed : new boolean[] {false, true}) {
            repeat(stage, container, streamed, stage.count(SESSIONS) / 2);
        }
        neighbour(stage, container);
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    private void repeat(Stage stage, Container container, boolean streamed, int sessions) throws InterruptedException {
        var wrong = new ArrayList<String>();
        for (int i = 0; i < sessions; i++) {
            var attempt = Attempt.values()[i % Attempt.values().length];
            Path file = stage.sharedFile(attempt.file, "");
            int mark = stage.agent.events().mark();
            var result = session(stage, container, attempt, streamed);
            var events = stage.agent.events().settled(
                    mark, event -> event.isDecision() && event.containerId().equals(container.id()), 1, stage.agent.patience());
            boolean refused = attempt == Attempt.COMMAND ? result.exitCode() != 0 : result.exitCode() == EPERM;
            if (!refused || Stage.size(file) != 0 || events.size() != 1) {
                wrong.add(attempt + " " + result + ", size " + Stage.size(file) + ", " + events.size() + " events");
            }
        }
        stage.report.check(wrong.isEmpty(), sessions + " sessions by " + way(streamed) + ": 0 got through, 1 event each",
                String.join("; ", wrong.stream().limit(5).toList()));
    }

    private void neighbour(Stage stage, Container container) throws InterruptedException {
        for (boolean streamed : new boolean[] {false, true}) {
            var inSame = streamed ? stage.kubelet.exec(container, List.of("/bin/echo", "fine"))
                    : stage.kubelet.execSync(container, List.of("/bin/echo", "fine"));
            stage.report.check(inSame.exitCode() == 0 && inSame.stdout().equals("fine\n"),
                    "an innocent session by " + way(streamed) + " works in the same container", inSame.toString());
            stage.sharedFile(Attempt.FIRST_EXEC.file, "");
            var inFree = session(stage, stage.free(), Attempt.FIRST_EXEC, streamed);
            stage.report.check(inFree.exitCode() == 0, "the denied one by " + way(streamed) + " works in an unselected pod",
                    inFree.toString());
        }
    }

    private static ExecResult session(Stage stage, Container container, Attempt attempt, boolean streamed)
            throws InterruptedException {
        return streamed ? stage.kubelet.exec(container, attempt.command) : stage.kubelet.execSync(container, attempt.command);
    }

    private static String way(boolean streamed) {
        return streamed ? "Exec" : "ExecSync";
    }
}
