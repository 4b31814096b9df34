package io.bpfguard.hook;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.hook.FakeAgent.Conduct;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Runs the launcher as a runtime does, beside a fake agent and a small shell script as the program that decides alone.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class LauncherRun {
    static final Path LAUNCHER = Path.of("target", "bin", "bpfguard-hook").toAbsolutePath();
    static final byte[] STATE = "{\"id\":\"c\"}".getBytes();
    static final int MEBIBYTE = 1 << 20;

    @TempDir
    Path directory;

    Path socket;
    Path alone;
    /// Milliseconds; long, because a busy machine must not end what a test expects to succeed.
    int limit = 30_000;
    int agentLimit = 20_000;
    String stage = "createRuntime";
    private long started;

    record Ended(int status, String out, String err, Duration took) {}

    @BeforeAll
    static void root() throws IOException {
        Assumptions.assumeTrue(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "the agent and its program must be root's");
    }

    @BeforeEach
    void paths() throws IOException {
        socket = directory.resolve("hook.sock");
        alone = directory.resolve("alone");
        alone("touch " + directory.resolve("asked") + "; echo 'the program refuses; do nothing' >&2; exit 1");
    }

    static void assertAllowed(Ended ended) {
        assertThat(ended).as("%s", ended).returns(0, Ended::status).returns("", Ended::out).returns("", Ended::err);
    }

    static void assertRefused(Ended ended) {
        assertThat(ended).as("%s", ended).returns(1, Ended::status).returns("", Ended::out);
        assertThat(ended.err()).startsWith("bpfguard: ").endsWith("\n").containsOnlyOnce("\n").doesNotStartWith("bpfguard: bpfguard");
    }

    /// Waits for a process, whose number a script wrote, to be gone; one that only waits to be reaped is.
    void assertGone(String file) throws Exception {
        Path stat = Path.of("/proc", lines(file).getFirst(), "stat");
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (isAlive(stat)) {
            assertThat(System.nanoTime()).as("%s is alive", stat).isLessThan(until);
            Thread.sleep(10);
        }
    }

    private static boolean isAlive(Path stat) {
        try {
            return !Files.readString(stat).matches("(?s).*\\) [ZX] .*");
        } catch (IOException e) {
            return false;
        }
    }

    boolean aloneWasAsked() {
        return Files.exists(directory.resolve("asked"));
    }

    List<String> lines(String file) throws IOException {
        return Files.readAllLines(directory.resolve(file));
    }

    void alone(String script) throws IOException {
        Files.writeString(alone, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(alone, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    List<String> arguments() {
        return List.of(
                LAUNCHER.toString(),
                "--socket", socket.toString(),
                "--limit", Integer.toString(limit),
                "--agent", Integer.toString(agentLimit),
                "--alone", alone.toString(),
                stage);
    }

    static List<String> shell(String script) {
        return List.of("sh", "-c", script, "sh");
    }

    Ended withAgent(Conduct conduct) throws Exception {
        return withAgent(STATE, conduct);
    }

    Ended withAgent(byte[] state, Conduct conduct) throws Exception {
        Files.deleteIfExists(socket);
        try (FakeAgent agent = new FakeAgent(socket, conduct)) {
            Ended ended = run(state);
            agent.await();
            return ended;
        }
    }

    Ended run(byte[] state) throws Exception {
        Process process = start(List.of(), arguments());
        CompletableFuture<Void> written = CompletableFuture.runAsync(() -> feed(process, state));
        Ended ended = end(process);
        written.get(10, TimeUnit.SECONDS);
        return ended;
    }

    /// Writes all of the state, which must not fail.
    static Process feed(Process process, byte[] state) {
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(state);
            return process;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Process start(List<String> before, List<String> command) throws IOException {
        List<String> all = new ArrayList<>(before);
        all.addAll(command);
        started = System.nanoTime();
        return new ProcessBuilder(all)
                .redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile())
                .start();
    }

    Ended end(Process process) throws Exception {
        if (!process.waitFor(45, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the launcher does not end");
        }
        Duration took = Duration.ofNanos(System.nanoTime() - started);
        return new Ended(
                process.exitValue(), Files.readString(directory.resolve("out")), Files.readString(directory.resolve("err")), took);
    }

    static int exitOf(List<String> before, String... command) throws Exception {
        List<String> all = new ArrayList<>(before);
        all.addAll(List.of(command));
        return new ProcessBuilder(all).start().waitFor();
    }
}
