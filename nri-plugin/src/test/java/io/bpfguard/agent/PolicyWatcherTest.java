package io.bpfguard.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyWatcherTest {
    @TempDir
    private Path parent;

    private final Semaphore changes = new Semaphore(0);

    private boolean told() throws InterruptedException {
        return changes.tryAcquire(20, TimeUnit.SECONDS);
    }

    @Test
    void tellsOfEachKindOfChange() throws Exception {
        Path directory = Files.createDirectory(parent.resolve("policies.d"));
        try (PolicyWatcher _ = new PolicyWatcher(directory, changes::release)) {
            Thread.sleep(300);
            Path file = Files.writeString(directory.resolve("a.yaml"), "one");
            assertThat(told()).as("a new file").isTrue();
            Files.writeString(file, "two");
            assertThat(told()).as("the same size again").isTrue();
            Path beside = Files.writeString(parent.resolve("beside"), "three");
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
            assertThat(told()).as("a rename over it").isTrue();
            Files.delete(file);
            assertThat(told()).as("a removal").isTrue();
        }
    }

    @Test
    void missesNoChangeFromItsConstructionOn() throws Exception {
        Path directory = Files.createDirectory(parent.resolve("policies.d"));
        for (int i = 0; i < 50; i++) {
            try (PolicyWatcher _ = new PolicyWatcher(directory, changes::release)) {
                Files.writeString(directory.resolve(i + ".yaml"), "at once");
                assertThat(told()).as("a file written right after the watcher was made, " + i).isTrue();
            }
            changes.drainPermits();
        }
    }

    @Test
    void tellsOnceOfAFileThatIsReplaced() throws Exception {
        Path directory = Files.createDirectory(parent.resolve("policies.d"));
        try (PolicyWatcher _ = new PolicyWatcher(directory, changes::release)) {
            for (int i = 0; i < 30; i++) {
                Path beside = Files.writeString(parent.resolve("beside"), "text " + i);
                Files.move(beside, directory.resolve("a.yaml"), StandardCopyOption.ATOMIC_MOVE);
                assertThat(told()).as("replacement %s", i).isTrue();
            }
            Thread.sleep(500);
            assertThat(changes.availablePermits()).as("calls without a change").isZero();
        }
    }

    @Test
    void tellsOfADirectoryThatComesLaterAndOfOneThatIsReplaced() throws Exception {
        Path directory = parent.resolve("policies.d");
        try (PolicyWatcher _ = new PolicyWatcher(directory, changes::release)) {
            Thread.sleep(300);
            Files.createDirectory(directory);
            Files.writeString(directory.resolve("a.yaml"), "one");
            assertThat(told()).as("the directory came").isTrue();
            Thread.sleep(500);
            changes.drainPermits();
            Path next = Files.createDirectory(parent.resolve("next"));
            Files.writeString(next.resolve("b.yaml"), "two");
            Files.move(directory, parent.resolve("old"));
            Files.move(next, directory);
            assertThat(told()).as("another directory took its place").isTrue();
        }
    }
}
