package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.ExecResult;
import io.bpfguard.e2e.node.Event;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * One attempt, made three times: without the guard, where it must get through and have its effect; under the policy,
 * where it must get the stated errno, have no effect and make exactly one event; and in a pod without policy.
 *
 * @param command a probe, which exits with the errno of what it tried
 * @param errno the denial's number and name
 * @param rule how the event's {@code rule} begins
 * @param freely the exit status when nothing denies it: 0, or the errno of a try that is harmless
 * @param denied the exit status when it is denied: the errno's, but for a program that reports in its own way
 * @param since the first kernel that has it
 */
public record Trial(String title, List<String> command, Errno errno, String policy, String rule, Effect effect,
        int freely, int denied, KernelVersion since) {
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
        @Override
        public String toString() {
            return result + (effect ? ", effect" : ", no effect");
        }
    }

    public Trial {
        command = List.copyOf(command);
    }

    public Trial(String title, List<String> command, Errno errno, String policy, String rule, Effect effect) {
        this(title, command, errno, policy, rule, effect, 0, errno.status, KernelVersion.ANY);
    }

    public Trial with(Errno other) {
        return new Trial(title, command, other, policy, rule, effect, freely, other.status, since);
    }

    /** Whose event names another rule of the same policy. */
    public Trial by(String otherRule) {
        return new Trial(title, command, errno, policy, otherRule, effect, freely, denied, since);
    }

    public Trial freely(int status) {
        return new Trial(title, command, errno, policy, rule, effect, status, denied, since);
    }

    public Trial denied(int status) {
        return new Trial(title, command, errno, policy, rule, effect, freely, status, since);
    }

    public Trial since(String version) {
        return new Trial(title, command, errno, policy, rule, effect, freely, denied, KernelVersion.parse(version));
    }

    /** Whether a run that nothing denied did what it is for. */
    public boolean gotThrough(Outcome outcome) {
        return outcome.result().exitCode() == freely && (outcome.effect() || !effect.visible());
    }

    /** Makes the attempt in a container. */
    Outcome attempt(Stage stage, Attended attended) throws InterruptedException {
        var container = attended.container();
        effect.reset(stage, container);
        if (!effect.whileHeld()) {
            var result = attended.execute(command);
            return new Outcome(result, effect.present(stage, container));
        }
        return attemptHeld(stage, attended);
    }

    private Outcome attemptHeld(Stage stage, Attended attended) throws InterruptedException {
        Path hold = stage.layout.shared().resolve(HOLD);
        var withHold = new ArrayList<>(command);
        withHold.add("/shared/" + HOLD);
        try {
            Files.deleteIfExists(hold);
            var run = new FutureTask<>(() -> attended.execute(withHold));
            Thread.ofVirtual().start(run);
            while (!Files.exists(hold) && !run.isDone()) {
                Thread.sleep(10);
            }
            boolean present = !run.isDone() && effect.present(stage, attended.container());
            Files.deleteIfExists(hold);
            return new Outcome(run.get(), present);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the run of " + title + " broke", e);
        }
    }

    /** The run under the policy, judged by all that counts. */
    void denied(Stage stage, Attended attended) throws InterruptedException {
        int mark = stage.agent.events().mark();
        var outcome = attempt(stage, attended);
        var events = stage.agent.events().settled(
                mark, event -> event.isDecision() && event.containerId().equals(attended.container().id()), 1, stage.agent.patience());
        var wrong = complaints(outcome, events);
        stage.report.check(wrong.isEmpty(), title + " is " + (errno == Errno.KILL ? "killed" : "denied with " + errno),
                wrong.isEmpty() ? "no effect, 1 event" : String.join("; ", wrong));
    }

    private List<String> complaints(Outcome outcome, List<Event> events) {
        var wrong = new ArrayList<String>();
        if (outcome.result().exitCode() != denied) {
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
