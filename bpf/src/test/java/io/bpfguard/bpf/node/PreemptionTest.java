package io.bpfguard.bpf.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreemptionTest {
    @TempDir
    private Path root;

    private void file(String name, String content) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content + "\n");
    }

    @ParameterizedTest
    @CsvSource({"none voluntary (full) lazy, true", "none voluntary full (lazy), true", "(none) voluntary full, false", "none (voluntary) full, false"})
    void theSchedulersWordCountsFirst(String modes, boolean preempts) throws IOException {
        file("sys/kernel/debug/sched/preempt", modes);
        file("proc/cmdline", "preempt=" + (preempts ? "none" : "full"));
        assertThat(new Preemption(root).isPossible()).isEqualTo(preempts);
    }

    @ParameterizedTest
    @CsvSource({"#1 SMP Debian, false", "#1 SMP PREEMPT Debian, true", "#1 SMP PREEMPT_RT Debian, true", "#1 SMP PREEMPT_LAZY Debian, true",
        "#1 SMP PREEMPT_DYNAMIC Debian, true"})
    void elseWhatItWasBuiltAs(String version, boolean preempts) throws IOException {
        file("proc/sys/kernel/version", version);
        assertThat(new Preemption(root).isPossible()).isEqualTo(preempts);
    }

    @ParameterizedTest
    @CsvSource({"quiet preempt=none, false", "preempt=full, true", "preempt=lazy quiet, true"})
    void aModeThatCanBeChosenIsThatOfTheCommandLine(String arguments, boolean preempts) throws IOException {
        file("proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian");
        file("proc/cmdline", arguments);
        assertThat(new Preemption(root).isPossible()).isEqualTo(preempts);
    }

    @ParameterizedTest
    @CsvSource({"CONFIG_PREEMPT_NONE=y, false", "CONFIG_PREEMPT_VOLUNTARY=y, false", "CONFIG_PREEMPT=y, true", "CONFIG_PREEMPT_LAZY=y, true"})
    void orElseThatOfTheConfiguration(String line, boolean preempts) throws IOException {
        file("proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian");
        file("proc/sys/kernel/osrelease", "6.12-test");
        file("boot/config-6.12-test", line);
        assertThat(new Preemption(root).isPossible()).as("in /boot").isEqualTo(preempts);
        Files.delete(root.resolve("boot/config-6.12-test"));
        try (OutputStream packed = new GZIPOutputStream(Files.newOutputStream(root.resolve("proc/config.gz")))) {
            packed.write((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
        }
        assertThat(new Preemption(root).isPossible()).as("in /proc").isEqualTo(preempts);
    }
}
