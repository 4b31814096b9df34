package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.cri.ExecResult;
import io.bpfguard.e2e.node.Event;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One attempt, made three times: without the guard, where it must get through and have its effect; under the policy,
 * where it must get the stated errno, have no effect and make exactly one event; and in a pod without policy.
 *
 * @param command a probe, which exits with the errno of what it tried
 * @param errno the denial's number and name
 * @param rule how the event's {@code rule} begins
 */
public record Trial(String title, List<String> command, Errno errno, String policy, String rule, Effect effect) {
    /** The exit status of a process that was killed. */
    private static final int KILLED = 137;
    private static final String HOLD = "hold";

    /** An error number of Linux. KILL stands for being killed instead. */
    public enum Errno {
        EPERM(1), EACCES(13), KILL(KILLED);

        final int status;

        Errno(int status) {
            this.status = status;
        }
    }

    /** How one run went. */
    public record Outcome(ExecResult result, boolean effect) {
        boolean gotThrough(Effect expected) {
            return result.started() && result.exitCode() == 0 && (effect || expected instanceof Effect.FileRead);
        }

        @Override
        public String toString() {
            return result + (effect ? ", effect" : ", no effect");
        }
    }

    public Trial {
        command = List.copyOf(command);
    }

    /** Makes the attempt in a container. */
    public Outcome attempt(Stage stage, Container container) throws InterruptedException {
        effect.reset(stage, container);
        if (effect.held().isEmpty()) {
            var result = stage.kubelet.execSync(container, command);
            return new Outcome(result, effect.present(stage, container));
        }
        return attemptHeld(stage, container);
    }

    private Outcome attemptHeld(Stage stage, Container container) throws InterruptedException {
        Path hold = stage.layout.shared().resolve(HOLD);
        var withHold = new ArrayList<>(command);
        withHold.add("/shared/" + HOLD);
        try {
            Files.deleteIfExists(hold);
            var session = CompletableFuture.supplyAsync(() -> stage.kubelet.execSync(container, withHold));
            while (!Files.exists(hold) && !session.isDone()) {
                Thread.sleep(50);
            }
            boolean present = !session.isDone() && effect.present(stage, container);
            Files.deleteIfExists(hold);
            return new Outcome(session.get(5, TimeUnit.MINUTES), present);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the session of " + title + " broke", e);
        }
    }

    /** The run under the policy, judged by all that counts. */
    public void denied(Stage stage, Container container) throws InterruptedException {
        int mark = stage.agent.events().mark();
        var outcome = attempt(stage, container);
        var events = stage.agent.events().settled(
                mark, event -> event.isDecision() && event.containerId().equals(container.id()), 1, stage.agent.patience());
        var wrong = complaints(outcome, events);
        stage.report.check(wrong.isEmpty(), title + " is " + (errno == Errno.KILL ? "killed" : "denied with " + errno),
                wrong.isEmpty() ? "no effect, 1 event" : String.join("; ", wrong));
    }

    private List<String> complaints(Outcome outcome, List<Event> events) {
        var wrong = new ArrayList<String>();
        boolean refusedByRuntime = !outcome.result().started();
        if (refusedByRuntime || outcome.result().exitCode() != errno.status) {
            wrong.add(outcome.toString());
        }
        // A kill may come after the effect: that is what sets it apart from a denial.
        if (outcome.effect() && errno != Errno.KILL) {
            wrong.add("the effect is there");
        }
        if (events.size() != 1) {
            wrong.add(events.size() + " events " + events.stream().limit(3).toList());
        } else {
            wrong.addAll(complaints(events.getFirst()));
        }
        return wrong;
    }

    private List<String> complaints(Event event) {
        var wrong = new ArrayList<String>();
        if (!event.kind().equals(errno == Errno.KILL ? "kill" : "deny")) {
            wrong.add("the event is a " + event.kind());
        }
        if (errno != Errno.KILL && !event.errno().equals(errno.name())) {
            wrong.add("the event says errno " + event.errno());
        }
        if (!event.policy().equals(policy) || !event.rule().startsWith(rule)) {
            wrong.add("the event is " + event);
        }
        return wrong;
    }
}
