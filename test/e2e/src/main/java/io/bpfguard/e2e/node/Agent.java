package io.bpfguard.e2e.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The product's agent on this node; at most one at a time. */
public final class Agent {
    private final Layout layout;
    private final Events events;
    private final Duration patience;
    private Process process;

    public Agent(Layout layout, Events events, Duration patience) {
        this.layout = layout;
        this.events = events;
        this.patience = patience;
    }

    public Events events() {
        return events;
    }

    /** How long a reaction of the agent may take on this machine. */
    public Duration patience() {
        return patience;
    }

    public Path log() {
        return layout.work().resolve("agent.log");
    }

    public boolean running() {
        return process != null && process.isAlive();
    }

    /** Starts it without waiting for anything. */
    public void launch() {
        var command = new ArrayList<>(List.of(layout.command().toString(), "agent"));
        command.addAll(List.of("--policies", layout.policies().toString(), "--bpffs", layout.bpffs().toString()));
        // The guest's disk is memory.
        command.addAll(List.of("--events-size", "8"));
        try {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(log().toFile()))
                    .start();
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        events.follow(process.getInputStream());
    }

    /** Starts it and waits until it has taken over what runs on the node. */
    public void start() throws InterruptedException {
        int mark = events.mark();
        launch();
        awaitState(mark, "synchronized").orElseThrow(() -> new IllegalStateException(
                running() ? "the agent does not say synchronized" : "the agent ended with " + process.exitValue()));
    }

    public Optional<Event> awaitState(int mark, String state) throws InterruptedException {
        return events.await(mark, event -> event.kind().equals("agent") && event.state().equals(state), patience);
    }

    /** Ends it without a chance to say anything. */
    public void kill() throws InterruptedException {
        signal("KILL");
        process.waitFor();
    }

    public void stop() throws InterruptedException {
        if (running()) {
            signal("TERM");
            if (!process.waitFor(patience)) {
                kill();
            }
        }
    }

    public void freeze() {
        signal("STOP");
    }

    public void thaw() {
        signal("CONT");
    }

    private void signal(String name) {
        Shell.must("kill", "-" + name, Long.toString(process.pid()));
    }

    /** The state that outlives the agent, as files; empty when the node is clean. */
    public boolean leftPins() {
        return Files.exists(layout.bpffs());
    }

    /** Removes everything from the kernel. */
    public Shell.Result uninstall() {
        return command("uninstall");
    }

    /** Runs another command of the product. */
    public Shell.Result command(String... arguments) {
        var command = new ArrayList<String>();
        command.add(layout.command().toString());
        command.addAll(List.of(arguments));
        return Shell.run(command.toArray(String[]::new));
    }
}
