package io.bpfguard.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.select.ContainerFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredContainersTest {
    @TempDir
    private Path directory;

    private StoredContainers stored;

    @BeforeEach
    void start() {
        stored = new StoredContainers(directory.resolve("run/containers"));
    }

    private static StoredContainer container(String id, Optional<String> image) {
        return new StoredContainer(new ContainerFacts("prod", "web-\n\"1\"", "uid", Map.of("app", "web", "empty", ""), Map.of("bpfguard.io/x", "ü\u2028"), "main",
                image, id), "libpod-" + id + ".scope", Long.MAX_VALUE - 5);
    }

    @Test
    void givesBackWhatWasWritten() throws Exception {
        StoredContainer one = container("a", Optional.of("docker.io/a"));
        StoredContainer other = container("b-2_c.d", Optional.empty());
        stored.write(one);
        stored.write(container("a", Optional.empty()));
        stored.write(one);
        stored.write(other);
        assertThat(stored.find("a")).contains(one);
        assertThat(stored.find("b")).isEmpty();
        assertThat(stored.all(damaged -> { })).containsExactlyInAnyOrder(one, other);
        stored.remove("a");
        stored.remove("a");
        assertThat(stored.all(damaged -> { })).containsExactly(other);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("run/containers")))).isEqualTo("rwx------");
    }

    @Test
    void noneIsKnownWhereNothingWasWritten() throws Exception {
        assertThat(stored.all(damaged -> { })).isEmpty();
        assertThat(stored.find("a")).isEmpty();
        stored.remove("a");
    }

    @Test
    void tellsOfDamagedFilesAndGoesOn() throws Exception {
        stored.write(container("good", Optional.empty()));
        stored.write(container("bad", Optional.empty()));
        Path file = directory.resolve("run/containers/bad");
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            List<String> damaged = new ArrayList<>();
            assertThat(stored.all(damaged::add)).as("cut at " + length).extracting(container -> container.facts().containerId()).containsExactly("good");
            assertThat(damaged).singleElement().asString().contains(file.toString()).contains("keeps the policies");
        }
        for (String other : List.of("[]", "{}", "{\"id\": 1}", "{\"id\": [\"a\"]}", "{\"labels\": {\"a\": 1}}")) {
            Files.writeString(file, other);
            assertThatThrownBy(() -> stored.find("bad")).isInstanceOf(IOException.class);
        }
    }

    @Test
    void leavesHalfWrittenFilesOut() throws Exception {
        stored.write(container("good", Optional.empty()));
        Files.writeString(directory.resolve("run/containers/.123"), "{");
        List<String> damaged = new ArrayList<>();
        assertThat(stored.all(damaged::add)).hasSize(1);
        assertThat(damaged).isEmpty();
    }

    @Test
    void forgetsWhatIsOldAndHasEnded() throws Exception {
        for (String id : List.of("old-ended", "old-runs", "young")) {
            stored.write(container(id, Optional.empty()));
        }
        for (String id : List.of("old-ended", "old-runs")) {
            Files.setLastModifiedTime(directory.resolve("run/containers").resolve(id), FileTime.from(Instant.now().minusSeconds(100)));
        }
        stored.removeOld(Duration.ofSeconds(60), container -> !container.facts().containerId().equals("old-runs"));
        assertThat(stored.all(damaged -> { })).extracting(container -> container.facts().containerId()).containsExactlyInAnyOrder("old-runs", "young");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", ".hidden", "../a", "a/b", "a b", "a\n", "/etc/passwd"})
    void refusesAnIdThatIsNoName(String id) {
        assertThatThrownBy(() -> stored.write(container(id, Optional.empty()))).isInstanceOf(IOException.class).hasMessageContaining("not one that a runtime gives");
        assertThatThrownBy(() -> stored.remove(id)).isInstanceOf(IOException.class);
    }

    @Test
    void refusesADirectoryThatOthersCanWriteTo() throws Exception {
        Path open = Files.createDirectories(directory.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> new StoredContainers(open).write(container("a", Optional.empty()))).isInstanceOf(IOException.class)
                .hasMessageContaining("only root can write to");
        Files.createSymbolicLink(directory.resolve("link"), Files.createDirectories(directory.resolve("target")));
        assertThatThrownBy(() -> new StoredContainers(directory.resolve("link")).write(container("a", Optional.empty()))).isInstanceOf(IOException.class);
    }
}
