package io.bpfguard.e2e.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.function.Predicate;

/** The policies directory, written as an administrator's tools do: a new file takes the old one's name in one step. */
public final class Policies {
    private final Path directory;
    private final Agent agent;

    public Policies(Path directory, Agent agent) {
        this.directory = directory;
        this.agent = agent;
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes one policy file. */
    public void write(String name, String yaml) {
        try {
            // Beside the directory, so that the agent sees one change and not two.
            Path fresh = directory.resolveSibling(name + ".new");
            Files.writeString(fresh, yaml);
            Files.move(fresh, directory.resolve(name + ".yaml"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void remove(String name) {
        try {
            Files.deleteIfExists(directory.resolve(name + ".yaml"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes a change and waits until the agent says that it is in force. */
    public Event change(Runnable change) throws InterruptedException {
        return react(change, "policies").orElseThrow(
                () -> new IllegalStateException("the agent does not say that the new policies are in force"));
    }

    /** Makes a change and waits for the agent's event of the given kind about it. */
    public Optional<Event> react(Runnable change, String kind) throws InterruptedException {
        int mark = agent.events().mark();
        change.run();
        Predicate<Event> verdict = event -> event.kind().equals("policies") || event.kind().equals("policies-rejected");
        return agent.events().await(mark, verdict, agent.patience()).filter(event -> event.kind().equals(kind));
    }
}
