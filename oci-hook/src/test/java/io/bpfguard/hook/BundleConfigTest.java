package io.bpfguard.hook;

import static io.bpfguard.hook.Bundles.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BundleConfigTest {
    @TempDir
    private Path bundle;

    private Path write(String text) throws IOException {
        return Bundles.write(bundle, text);
    }

    private static BundleConfig parse(String text) throws HookException {
        return BundleConfig.read(bytes(text), "/b/config.json", BundleConfig.CAP);
    }

    @Test
    void takesAnnotationsAndCgroupsPath() throws HookException {
        BundleConfig podman = BundleConfig.read(Bundles.bundle("podman"));
        assertThat(podman.linux()).isTrue();
        assertThat(podman.cgroupsPath()).hasValueSatisfying(path -> assertThat(path).startsWith("machine.slice:libpod:"));
        assertThat(podman.annotations()).containsEntry("io.container.manager", "libpod").containsEntry("bpfguard.io/labels", "app=db,tier=");
    }

    @Test
    void whatIsNotThere() throws HookException {
        assertThat(parse("{}")).isEqualTo(new BundleConfig(Map.of(), Optional.empty(), false));
        assertThat(parse("{\"linux\":null,\"annotations\":null}")).isEqualTo(new BundleConfig(Map.of(), Optional.empty(), false));
        assertThat(parse("{\"linux\":{}}")).isEqualTo(new BundleConfig(Map.of(), Optional.empty(), true));
        assertThat(parse("{\"linux\":{\"cgroupsPath\":\"\"}}")).isEqualTo(new BundleConfig(Map.of(), Optional.empty(), true));
        assertThat(parse("{\"vm\":{\"linux\":{\"cgroupsPath\":\"/x\"},\"annotations\":{\"a\":\"b\"}}}")).isEqualTo(new BundleConfig(Map.of(), Optional.empty(), false));
    }

    @Test
    void theConfigurationsAnnotationsOverTheStates() throws HookException {
        RuntimeState state = new RuntimeState("", "a", "", 1, Path.of("/b"), Map.of("from", "state", "only", "state"));
        assertThat(parse("{\"annotations\":{\"from\":\"config\"}}").annotationsOr(state)).isEqualTo(Map.of("from", "config"));
        assertThat(parse("{\"annotations\":{}}").annotationsOr(state)).isEqualTo(state.annotations());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"annotations\":{\"k\":\"v\",\"n\":7}}     | line 1, column 29: \"annotations[\"n\"]\" must be a string",
        "{\"annotations\":{\"k\":null}}               | \"annotations[\"k\"]\" must be a string, found null",
        "{\"annotations\":\"k=v\"}                    | \"annotations\" must be an object, found a string",
        "{\"linux\":[]}                               | \"linux\" must be an object, found an array",
        "{\"linux\":{\"cgroupsPath\":{}}}             | \"linux.cgroupsPath\" must be a string, found an object",
        "{\"annotations\":{\"k\":\"1\",\"k\":\"2\"}}  | Duplicate",
        "{\"linux\":{},\"linux\":{}}                  | Duplicate",
        "{\"process\":{\"args\":[],\"args\":[]}}      | Duplicate",
        "{\"annotations\":{\"k\":\"\\x\"}}            | Unrecognized character escape",
        "{} x                                         | line 1, column 4: Unrecognized token",
        "[]                                           | expected a JSON object, found an array",
    })
    void refusedWithFileLineAndColumn(String text, String message) {
        assertThatThrownBy(() -> parse(text)).isInstanceOf(HookException.class).hasMessageStartingWith("/b/config.json, line 1, column ").hasMessageContaining(message);
    }

    @Test
    void theLineCounts() {
        assertThatThrownBy(() -> parse("{\n \"annotations\": {\n  \"k\": false\n}}")).hasMessageStartingWith("/b/config.json, line 3, column 8: ");
    }

    @Test
    void missing() {
        assertThatThrownBy(() -> BundleConfig.read(bundle)).isInstanceOf(HookException.class)
                .hasMessageStartingWith(bundle.resolve("config.json") + " cannot be opened: there is no such file");
        assertThatThrownBy(() -> BundleConfig.read(bundle.resolve("no"))).isInstanceOf(HookException.class).hasMessageContaining("there is no such file");
    }

    @Test
    void aDirectory() throws IOException {
        Files.createDirectory(bundle.resolve("config.json"));
        assertThatThrownBy(() -> BundleConfig.read(bundle)).isInstanceOf(HookException.class).hasMessageContaining("is a directory and must be a regular file");
    }

    @Test
    void aLink() throws IOException {
        Files.createSymbolicLink(bundle.resolve("config.json"), Files.writeString(bundle.resolve("other"), "{}"));
        assertThatThrownBy(() -> BundleConfig.read(bundle)).isInstanceOf(HookException.class).hasMessageContaining("is a symbolic link and must be a regular file");
    }

    @Test
    void aFifoDoesNotHangTheHook() throws Exception {
        assertThat(new ProcessBuilder("mkfifo", bundle.resolve("config.json").toString()).start().waitFor()).isZero();
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> assertThatThrownBy(() -> BundleConfig.read(bundle)).isInstanceOf(HookException.class)
                .hasMessageContaining("FIFO and must be a regular file"));
    }

    @Test
    void aFileThatCannotBeRead() {
        // Address 0 is mapped nowhere: read(2) answers EIO.
        assertThatThrownBy(() -> BundleConfig.read(Path.of("/proc/self/mem"), BundleConfig.CAP)).isInstanceOf(HookException.class)
                .hasMessageStartingWith("/proc/self/mem").hasMessageContaining("cannot be read: Input/output error");
    }

    @Test
    void largerThanTheCap() throws Exception {
        Path file = write("{\"annotations\":{\"k\":\"v\"}}").resolve("config.json");
        assertThat(BundleConfig.read(file, 25).annotations()).isEqualTo(Map.of("k", "v"));
        assertThatThrownBy(() -> BundleConfig.read(file, 24)).isInstanceOf(HookException.class).hasMessageContaining("has 25 bytes and may have 24");
    }

    @Test
    void growsBeyondTheCapWhileItIsRead() {
        String text = "{\"x\":[" + "1,".repeat(50_000) + "1]}";
        assertThatThrownBy(() -> BundleConfig.read(bytes(text), "/b/config.json", 20_000)).isInstanceOf(HookException.class)
                .hasMessageStartingWith("/b/config.json, line 1, column ").hasMessageContaining("length");
    }

    @Test
    void fiveMegabytes() throws Exception {
        StringBuilder text = new StringBuilder("{\"linux\":{\"seccomp\":{\"syscalls\":[{\"names\":[");
        for (int call = 0; text.length() < 5_000_000; call++) {
            text.append("\"call_").append(call).append("\",");
        }
        text.append("\"last\"]}]},\"cgroupsPath\":\"a.slice:crio:x\"},\"annotations\":{\"big\":\"").append("x".repeat(200_000));
        for (int more = 0; more < 1000; more++) {
            text.append("\",\"k").append(more).append("\":\"").append("v".repeat(200));
        }
        BundleConfig config = BundleConfig.read(write(text.append("\"}}").toString()));
        assertThat(config.cgroupsPath()).contains("a.slice:crio:x");
        assertThat(config.annotations()).hasSize(1001).containsEntry("k999", "v".repeat(200));
        assertThat(config.annotations().get("big")).hasSize(200_000);
    }

    @Test
    void depthHasALimit() {
        String deep = "{\"x\":" + "{\"y\":".repeat(3000) + "1" + "}".repeat(3001);
        assertThatThrownBy(() -> parse(deep)).isInstanceOf(HookException.class).hasMessageStartingWith("/b/config.json, line 1, column ").hasMessageContaining("nesting depth");
    }
}
