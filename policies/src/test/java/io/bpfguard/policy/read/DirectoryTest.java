package io.bpfguard.policy.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.model.PolicyException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryTest {
    @TempDir
    private Path temporary;
    private Path directory;
    private FileRules rules;

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createDirectory(temporary.resolve("policies.d"));
        mode(directory, "rwxr-xr-x");
        rules = new FileRules((Integer) Files.getAttribute(directory, "unix:uid"));
    }

    private static void mode(Path path, String permissions) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    private Path policy(String fileName, String policyName) throws IOException {
        Path file = Files.writeString(directory.resolve(fileName),
                "apiVersion: bpfguard.io/v1\nkind: ContainerPolicy\nmetadata: {name: "
                + policyName + "}\nspec: {mounts: [{action: deny, types: [\"*\"]}]}\n");
        mode(file, "rw-r--r--");
        return file;
    }

    private List<String> names() throws PolicyException {
        return PolicyReader.readDirectory(directory, rules).policies().stream().map(policy -> policy.name().value())
                .toList();
    }

    @Test
    void readsYamlAndYmlByNameAndNothingElse() throws Exception {
        policy("20.yml", "b");
        policy("10.yaml", "a");
        policy("30.yaml~", "backup");
        policy("40.yaml.bak", "backup2");
        policy(".50.yaml", "hidden");
        policy("README.md", "readme");
        policy("60.YAML", "upper");
        Files.createDirectory(directory.resolve("sub"));
        assertThat(names()).containsExactly("a", "b");
    }

    @Test
    void anEmptyDirectoryIsNoPolicy() throws Exception {
        assertThat(names()).isEmpty();
    }

    @Test
    void problemsOfAllFilesAreSaidTogether() throws Exception {
        policy("a.yaml", "A");
        policy("b.yaml", "B");
        assertThatThrownBy(this::names).isInstanceOfSatisfying(PolicyException.class, e -> assertThat(e.problems())
                .hasSize(2))
                .hasMessageContaining(directory.resolve("a.yaml") + ":3:18: ")
                        .hasMessageContaining(directory.resolve("b.yaml") + ":3:18: ");
    }

    @Test
    void aLinkIsRefusedEvenToAGoodFile() throws Exception {
        Path target = policy("target", "a");
        Files.createSymbolicLink(directory.resolve("a.yaml"), target);
        assertThatThrownBy(this::names).isInstanceOf(PolicyException.class)
                .hasMessageContaining("a.yaml:1:1: is a symbolic link")
                .hasMessageContaining("ConfigMap");
    }

    @Test
    void aBrokenLinkIsRefused() throws Exception {
        Files.createSymbolicLink(directory.resolve("a.yaml"), Path.of("nowhere"));
        assertThatThrownBy(this::names).isInstanceOf(PolicyException.class).hasMessageContaining("is a symbolic link");
    }

    @Test
    void aDirectoryOrPipeWithAPolicysNameIsRefused() throws Exception {
        Files.createDirectory(directory.resolve("a.yaml"));
        assertThat(new ProcessBuilder("mkfifo", directory.resolve("b.yaml").toString()).start().waitFor()).isZero();
        assertThatThrownBy(this::names).isInstanceOf(PolicyException.class)
                .hasMessageContaining("a.yaml:1:1: is not a regular file")
                .hasMessageContaining("b.yaml:1:1: is not a regular file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-rw-r--", "rw-r--rw-", "rwxrwxrwx"})
    void aFileThatOthersCanWriteIsRefused(String permissions) throws Exception {
        mode(policy("a.yaml", "a"), permissions);
        assertThatThrownBy(this::names).isInstanceOf(PolicyException.class)
                .hasMessageContaining("a.yaml:1:1: can be written by others");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxrwxr-x", "rwxr-xrwx"})
    void aDirectoryThatOthersCanWriteIsRefused(String permissions) throws Exception {
        policy("a.yaml", "a");
        mode(directory, permissions);
        assertThatThrownBy(this::names).isInstanceOf(PolicyException.class)
                .hasMessageContaining("policies.d:1:1: can be written by others");
    }

    @Test
    void whatBelongsToSomeoneElseIsRefused() throws Exception {
        policy("a.yaml", "a");
        FileRules other = new FileRules(rules.owner() + 1);
        assertThatThrownBy(() -> PolicyReader.readDirectory(directory, other)).isInstanceOf(PolicyException.class)
                .hasMessageContaining("policies.d:1:1: belongs to user " + rules.owner() + " and must belong to user "
                        + other.owner());
        assertThatThrownBy(() -> other.read(directory.resolve("a.yaml"))).isInstanceOf(PolicyException.class)
                .hasMessageContaining("a.yaml:1:1: belongs to user");
    }

    @Test
    void aNodesFilesBelongToRoot() {
        assertThat(FileRules.ROOT.owner()).isZero();
    }

    @Test
    void aMissingDirectoryIsRefused() {
        assertThatThrownBy(() -> PolicyReader.readDirectory(temporary.resolve("none"), rules))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining("none:1:1: is not there");
    }

    @Test
    void aFileOrLinkInTheDirectorysPlaceIsRefused() throws Exception {
        Path file = policy("x", "a");
        assertThatThrownBy(() -> PolicyReader.readDirectory(file, rules)).hasMessageContaining("is not a directory");
        Path link = Files.createSymbolicLink(temporary.resolve("link"), directory);
        assertThatThrownBy(() -> PolicyReader.readDirectory(link, rules)).hasMessageContaining("is a symbolic link");
    }

    @Test
    void aFileThatIsReplacedAllTheTimeIsReadWhole() throws Exception {
        Path file = policy("a.yaml", "a");
        AtomicBoolean enough = new AtomicBoolean();
        Thread writer = Thread.ofPlatform().start(() -> {
            try {
                while (!enough.get()) {
                    Path beside = Files.copy(file, temporary.resolve("beside"), StandardCopyOption.COPY_ATTRIBUTES);
                    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
                    // Long enough for a busy machine to read the directory once in between, sooner or later.
                    Thread.sleep(Duration.ofMillis(8));
                }
            } catch (IOException | InterruptedException failure) {
                throw new IllegalStateException(failure);
            }
        });
        try {
            for (int read = 0; read < 500; read++) {
                assertThat(names()).containsExactly("a");
            }
        } finally {
            enough.set(true);
            writer.join();
        }
    }

    @Test
    void aLargeFileIsRefused() throws Exception {
        Path file = policy("a.yaml", "a");
        Files.writeString(file, "#".repeat(FileRules.MAX_SIZE + 1));
        assertThatThrownBy(this::names).isInstanceOf(PolicyException.class).hasMessageContaining("1 MiB");
    }
}
