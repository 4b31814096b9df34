package io.bpfguard.hook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The launcher and the program that decides alone.
class LauncherAloneTest extends LauncherRun {
    @Test
    @DisplayName("the program gets the state, its arguments and PATH, and nothing else of the runtime's")
    void surroundings() throws Exception {
        stage = "poststop";
        byte[] state = new byte[70 << 10];
        new Random(1).nextBytes(state);
        alone("""
                cat >state
                tr '\\0' '\\n' </proc/$$/cmdline >arguments
                tr '\\0' '\\n' </proc/$$/environ >environment
                ls /proc/self/fd >files
                test /proc/$$/fd/1 -ef /dev/null && touch discarded
                grep -E '^Sig(Blk|Ign)' /proc/$$/status >signals
                ps -o pgid= -p $$ | tr -d ' ' >group
                echo $$ >pid
                echo 'a warning' >&2
                """.replaceAll("(>|touch )(?=[a-z])", "$1" + directory + "/"));
        List<String> runtime = new ArrayList<>(shell("exec \"$@\" 7</etc/passwd 8>/dev/null"));
        runtime.addAll(List.of("env", "--ignore-signal=HUP,PIPE,CHLD", "--block-signal=TERM,USR1,CHLD"));
        assertAllowed(end(feed(start(runtime, arguments()), state)));

        assertThat(Files.readAllBytes(directory.resolve("state"))).isEqualTo(state);
        List<String> arguments = lines("arguments");
        assertThat(arguments).hasSize(5).containsSubsequence("/bin/sh", alone.toString(), "poststop");
        assertThat(Integer.parseInt(arguments.get(3))).isPositive().isCloseTo(limit, within(5000)).isLessThanOrEqualTo(limit);
        assertThat("mnt:[" + arguments.get(4) + "]").isEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")).toString());
        assertThat(lines("environment")).containsExactly("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
        assertThat(lines("files")).as("3 is the folder that ls reads").containsExactly("0", "1", "2", "3");
        assertThat(directory.resolve("discarded")).as("what says that stdout is /dev/null").exists();
        // 32 and 33 are libc's own; this test's posix_spawn leaves them ignored.
        assertThat(lines("signals")).hasSize(2).allMatch(line -> (Long.parseLong(line.split("\t")[1], 16) & ~(3L << 31)) == 0);
        assertThat(lines("group")).isEqualTo(lines("pid"));
    }

    static Stream<List<String>> outputs() {
        return Stream.of(
                List.of("echo 'no policy; label it' >&2", "no policy; label it"),
                List.of("printf '\\n\\r\\nfirst; a\\nsecond; b\\n\\n' >&2", "first; a"),
                List.of("echo 'OpenJDK warning' >&2; echo 'bpfguard: cause; remedy' >&2; echo more >&2", "cause; remedy"),
                List.of("printf 'a\\tb\\033[0m\\0c; d' >&2", "a?b?[0m?c; d"),
                List.of("head -c 200000 /dev/zero | tr '\\0' x >&2", "x".repeat(4096)));
    }

    @ParameterizedTest
    @MethodSource("outputs")
    @DisplayName("of all that the program says when it refuses, one line is printed")
    void said(List<String> commandAndLine) throws Exception {
        alone(commandAndLine.getFirst() + "; exit 3");
        Ended ended = run(STATE);
        assertRefused(ended);
        assertThat(ended.err()).isEqualTo("bpfguard: " + commandAndLine.getLast() + "\n");
    }

    @Test
    @DisplayName("a program that refuses without a word gets a line of the launcher's")
    void saidNothing() throws Exception {
        alone("exit 3");
        Ended ended = run(STATE);
        assertRefused(ended);
        assertThat(ended.err()).contains("the agent is not running", alone + " exited with 3 and did not say why; ");
    }

    @Test
    @DisplayName("a program that is killed has not said yes, whatever it wrote")
    void signalled() throws Exception {
        alone("echo 'bpfguard: half a line' >&2; kill -SEGV $$");
        Ended ended = run(STATE);
        assertRefused(ended);
        assertThat(ended.err()).contains("was killed by signal 11 (Segmentation fault)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"wait", "kill -STOP $$", "while :; do echo noise; done >&2", "exec 2>&-; wait"})
    @DisplayName("a program that hangs is killed at the limit, with what it started")
    void hanging(String how) throws Exception {
        alone("echo $$ >" + directory.resolve("pid") + "; sleep 60 & echo $! >" + directory.resolve("child.new") + "; mv "
                + directory.resolve("child.new") + " " + directory.resolve("child") + "; " + how);
        // On a busy machine the program may not come so far in the first limit.
        for (limit = 500; !Files.exists(directory.resolve("child")); limit *= 2) {
            Ended ended = run(STATE);
            assertRefused(ended);
            assertThat(ended.err()).contains(alone + " was killed because it did not end within the limit of " + limit + " ms; ");
            assertThat(ended.took()).isBetween(Duration.ofMillis(limit), Duration.ofMillis(limit + 20_000));
        }
        assertGone("pid");
        assertGone("child");
    }

    @Test
    @DisplayName("what a program leaves behind is killed, and its yes counts")
    void leftBehind() throws Exception {
        alone("sleep 60 & echo $! >" + directory.resolve("child"));
        assertAllowed(run(STATE));
        assertGone("child");
    }

    @ParameterizedTest
    @ValueSource(strings = {"KILL", "TERM"})
    @DisplayName("a launcher that the runtime kills takes the program with it")
    void killed(String signal) throws Exception {
        alone("echo $$ >" + directory.resolve("pid.new") + "; mv " + directory.resolve("pid.new") + " " + directory.resolve("pid")
                + "; exec sleep 60");
        Process process = feed(start(List.of(), arguments()), STATE);
        while (!Files.exists(directory.resolve("pid"))) {
            Thread.sleep(10);
        }
        assertThat(exitOf(List.of(), "kill", "-" + signal, Long.toString(process.pid()))).isZero();
        assertThat(process.waitFor()).isNotZero();
        assertGone("pid");
    }

    @Test
    @DisplayName("a program that is not there")
    void missing() throws Exception {
        Files.delete(alone);
        Ended ended = run(STATE);
        assertRefused(ended);
        assertThat(ended.err())
                .contains("the agent is not running", alone + " is not installed; start the agent (bpfguard agent) or install that program");
    }

    @Test
    @DisplayName("a program that others can write is not run")
    void writable() throws Exception {
        alone("touch " + directory.resolve("asked"));
        for (String permissions : List.of("rwxrwxr-x", "rwxr-xrwx")) {
            Files.setPosixFilePermissions(alone, PosixFilePermissions.fromString(permissions));
            Ended ended = run(STATE);
            assertRefused(ended);
            assertThat(ended.err()).contains(alone + " can be written by others than root; ");
        }
        Files.setPosixFilePermissions(alone, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setAttribute(alone, "unix:uid", 65534);
        Ended ended = run(STATE);
        assertRefused(ended);
        assertThat(ended.err()).contains(alone + " belongs to uid 65534, not 0; ");
        assertThat(aloneWasAsked()).isFalse();
    }

    @Test
    @DisplayName("a program that cannot be executed")
    void notExecutable() throws Exception {
        Files.setPosixFilePermissions(alone, PosixFilePermissions.fromString("rw-r--r--"));
        Ended ended = run(STATE);
        assertRefused(ended);
        assertThat(ended.err()).contains("the agent is not running", alone + " cannot be executed: Permission denied; ");

        Files.delete(alone);
        Files.createDirectory(alone);
        ended = run(STATE);
        assertRefused(ended);
        assertThat(ended.err()).contains(alone + " is not a regular file; ");
    }

    @Test
    @DisplayName("the program is looked for beside the launcher")
    void besideTheLauncher() throws Exception {
        Path launcher = directory.resolve("bpfguard-hook");
        Files.copy(LAUNCHER, launcher, StandardCopyOption.COPY_ATTRIBUTES);
        List<String> command = List.of(launcher.toString(), "--socket", socket.toString(), "createRuntime");
        Ended ended = end(feed(start(List.of(), command), STATE));
        assertRefused(ended);
        assertThat(ended.err()).contains(launcher + "-alone is not installed; ");

        Files.move(alone, directory.resolve("bpfguard-hook-alone"));
        assertRefused(end(feed(start(List.of(), command), STATE)));
        assertThat(aloneWasAsked()).isTrue();
    }
}
