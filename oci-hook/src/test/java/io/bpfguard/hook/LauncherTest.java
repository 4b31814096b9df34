package io.bpfguard.hook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.bpfguard.hook.FakeAgent.Conduct;
import io.bpfguard.hook.FakeAgent.Connection;
import io.bpfguard.hook.FakeAgent.Request;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The launcher, against a fake agent and small shell scripts as the program that decides alone.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LauncherTest {
    private static final Path LAUNCHER = Path.of("target", "bin", "bpfguard-hook").toAbsolutePath();
    private static final byte[] STATE = "{\"id\":\"c\"}".getBytes();
    private static final int MEBIBYTE = 1 << 20;

    @TempDir
    Path directory;

    private Path socket;
    private Path alone;
    /// Milliseconds; long, because a busy machine must not end what a test expects to succeed.
    private int limit = 30_000;
    private int agentLimit = 20_000;
    private String stage = "createRuntime";
    private long started;

    private record Ended(int status, String out, String err, Duration took) {}

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

    // The agent answers.

    @ParameterizedTest
    @ValueSource(strings = {"createRuntime", "poststop"})
    @DisplayName("a yes is exit 0, and nothing is printed")
    void yes(String asked) throws Exception {
        stage = asked;
        AtomicReference<Request> request = new AtomicReference<>();
        Ended ended = withAgent(connection -> {
            request.set(connection.request());
            connection.answer("yes\n");
        });
        assertAllowed(ended);
        assertThat(request.get().header()).startsWith("bpfguard-hook 1 " + asked + " ");
        assertThat(aloneWasAsked()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 70 << 10, 5 * MEBIBYTE, 16 * MEBIBYTE})
    @DisplayName("the header is exact, the state arrives byte for byte, and the launcher's side stays open until the answer")
    void request(int length) throws Exception {
        byte[] state = new byte[length];
        new Random(length).nextBytes(state);
        AtomicReference<Request> request = new AtomicReference<>();
        AtomicReference<Boolean> open = new AtomicReference<>();
        Ended ended = withAgent(state, connection -> {
            request.set(connection.request());
            Thread.sleep(50);
            open.set(connection.isOpen());
            connection.answer("yes\n");
        });
        assertAllowed(ended);
        String mountNamespace = Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")).toString().replaceAll("\\D", "");
        String[] words = request.get().header().split(" ", -1);
        assertThat(words).hasSize(6).containsSubsequence("bpfguard-hook", "1", "createRuntime");
        assertThat(Integer.parseInt(words[3])).isPositive().isCloseTo(agentLimit, within(5000)).isLessThanOrEqualTo(agentLimit);
        assertThat(words[4]).isEqualTo(mountNamespace);
        assertThat(words[5]).isEqualTo(Integer.toString(length));
        assertThat(request.get().state()).isEqualTo(state);
        assertThat(open.get()).isTrue();
    }

    @Test
    @DisplayName("a state that comes in pieces is read to its end")
    void slowState() throws Exception {
        AtomicReference<Request> request = new AtomicReference<>();
        try (FakeAgent agent = new FakeAgent(socket, connection -> {
            request.set(connection.request());
            connection.answer("yes\n");
        })) {
            Process process = start(List.of(), arguments());
            try (OutputStream stdin = process.getOutputStream()) {
                for (String piece : List.of("{\"id\":", "\"c\"", "}")) {
                    stdin.write(piece.getBytes());
                    stdin.flush();
                    Thread.sleep(50);
                }
            }
            assertAllowed(end(process));
            agent.await();
        }
        assertThat(request.get().state()).isEqualTo(STATE);
    }

    static Stream<List<String>> refusals() {
        return Stream.of(
                List.of("no pod p has no policy; label it\n", "pod p has no policy; label it"),
                List.of("no a\tb\u0001c\u001b[31m\u007f\r; d\u0000e\n", "a?b?c?[31m??; d?e"),
                List.of("no größer; kürzen\n", "größer; kürzen"),
                List.of("no bpfguard: said before; do it\n", "said before; do it"),
                List.of("no one line; done\nyes\n", "one line; done"),
                List.of("no " + "x".repeat(4092) + "\n", "x".repeat(4092)),
                List.of("no \n", "the agent refused the container and did not say why; see its log"));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    @DisplayName("a no is printed with its text, and the program is not asked")
    void no(List<String> answerAndLine) throws Exception {
        Ended ended = withAgent(connection -> {
            connection.request();
            connection.answer(answerAndLine.getFirst());
        });
        assertRefused(ended);
        assertThat(ended.err()).isEqualTo("bpfguard: " + answerAndLine.getLast() + "\n");
        assertThat(aloneWasAsked()).isFalse();
    }

    @Test
    @DisplayName("a no counts before the agent has read the state, a yes does not")
    void early() throws Exception {
        Ended no = withAgent(new byte[5 * MEBIBYTE], connection -> connection.answer("no early; wait\n"));
        assertRefused(no);
        assertThat(no.err()).isEqualTo("bpfguard: early; wait\n");
        assertThat(aloneWasAsked()).isFalse();

        // The launcher is stopped, so that all it has sent can be read, and the end of file is clean.
        Ended yes = withAgent(new byte[5 * MEBIBYTE], connection -> {
            connection.header();
            String launcher = ProcessHandle.current().children().map(ProcessHandle::pid).findFirst().orElseThrow().toString();
            exitOf(List.of(), "kill", "-STOP", launcher);
            while (!Files.readString(Path.of("/proc", launcher, "stat")).contains(") T ")) {
                Thread.sleep(10);
            }
            connection.drain();
            connection.answer("yes\n");
            connection.channel().close();
            exitOf(List.of(), "kill", "-CONT", launcher);
        });
        assertRefused(yes);
        assertThat(aloneWasAsked()).isTrue();
    }

    // The agent does not answer.

    static Stream<List<String>> noAnswers() {
        return Stream.of(
                List.of("maybe\n", "garbage"),
                List.of("yes", "garbage"),
                List.of("yes\nyes\n", "garbage"),
                List.of("yes\n\n", "garbage"),
                List.of("YES\n", "garbage"),
                List.of(" yes\n", "garbage"),
                List.of("yes\u0000\n", "garbage"),
                List.of("\n", "garbage"),
                List.of("no\n", "garbage"),
                List.of("no partial", "garbage"),
                List.of("x".repeat(5000) + "\n", "garbage"),
                List.of("no " + "x".repeat(5000) + "\n", "garbage"),
                List.of("", "closed the connection without an answer"));
    }

    @ParameterizedTest
    @MethodSource("noAnswers")
    @DisplayName("an answer that is neither yes nor no, or not whole, is none: the program decides")
    void noAnswer(List<String> answerAndTrouble) throws Exception {
        Conduct conduct = connection -> {
            connection.request();
            connection.answer(answerAndTrouble.getFirst());
        };
        alone("exit 3");
        Ended refused = withAgent(conduct);
        assertRefused(refused);
        assertThat(refused.err()).contains(answerAndTrouble.getLast());
    }

    @Test
    @DisplayName("yes on a connection that stays open is no answer")
    void unfinishedYes() throws Exception {
        agentLimit = 1000;
        Ended ended = withAgent(connection -> {
            connection.request();
            connection.answer("yes\n");
            connection.awaitEnd();
        });
        assertRefused(ended);
        assertThat(aloneWasAsked()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    @DisplayName("an agent that is silent is left after its time, which it sees as an end of file, and the program decides")
    void silent(int status) throws Exception {
        agentLimit = 300;
        Path left = directory.resolve("left");
        alone("until test -e " + left + "; do sleep 0.02; done; exit " + status);
        Ended ended = withAgent(connection -> {
            connection.request();
            connection.awaitEnd();
            Files.createFile(left);
        });
        assertThat(ended.took()).isGreaterThanOrEqualTo(Duration.ofMillis(agentLimit));
        if (status == 0) {
            assertAllowed(ended);
        } else {
            assertRefused(ended);
            assertThat(ended.err()).contains("the agent did not answer within 300 ms");
        }
    }

    @Test
    @DisplayName("an agent that does not read the state is left after its time")
    void deaf() throws Exception {
        agentLimit = 200;
        Ended ended = withAgent(new byte[5 * MEBIBYTE], connection -> {
            while (!aloneWasAsked()) {
                Thread.sleep(20);
            }
        });
        assertRefused(ended);
    }

    @Test
    @DisplayName("an answer that comes late does not count")
    void late() throws Exception {
        agentLimit = 200;
        alone("sleep 0.4; echo 'the program refuses; do nothing' >&2; exit 1");
        Ended ended = withAgent(connection -> {
            connection.request();
            Thread.sleep(400);
            try {
                connection.answer("yes\n");
            } catch (IOException e) {
                // The launcher has closed: as it should.
            }
        });
        assertRefused(ended);
        assertThat(ended.err()).isEqualTo("bpfguard: the program refuses; do nothing\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4})
    @DisplayName("without a socket the program decides")
    void noSocket(int status) throws Exception {
        alone("exit " + status);
        Ended ended = run(STATE);
        if (status == 0) {
            assertAllowed(ended);
        } else {
            assertRefused(ended);
            assertThat(ended.err()).contains("the agent is not running (" + socket + ": No such file or directory)");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4})
    @DisplayName("on a socket that nobody listens on the program decides")
    void refusedConnection(int status) throws Exception {
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket)).close();
        alone("exit " + status);
        Ended ended = run(STATE);
        if (status == 0) {
            assertAllowed(ended);
        } else {
            assertRefused(ended);
            assertThat(ended.err()).contains("the agent is not running (" + socket + ": Connection refused)");
        }
    }

    @Test
    @DisplayName("an agent whose queue is full is not waited for")
    void fullQueue() throws Exception {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket);
        alone("exit 4");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address, 1);
                SocketChannel first = SocketChannel.open(address);
                SocketChannel second = SocketChannel.open(address)) {
            assertThat(List.of(server.isOpen(), first.isConnected(), second.isConnected())).doesNotContain(false);
            Ended ended = run(STATE);
            assertRefused(ended);
            assertThat(ended.err()).contains("the agent cannot be reached");
            assertThat(ended.took()).isLessThan(Duration.ofMillis(agentLimit));
        }
    }

    @Test
    @DisplayName("what listens without being root is told nothing; seen from a user namespace, where root has another number")
    void strangers() throws Exception {
        List<String> namespace = List.of("unshare", "--user", "--map-user=1000");
        Assumptions.assumeTrue(exitOf(namespace, "true") == 0, "this machine lets nobody make a user namespace");
        try (FakeAgent agent = new FakeAgent(socket, Connection::awaitEnd)) {
            Ended ended = end(feed(start(namespace, arguments()), STATE));
            assertRefused(ended);
            assertThat(ended.err())
                    .contains("what listens on " + socket + " is not the agent (it has uid 1000, not 0)")
                    .contains(alone + " belongs to uid 1000, not 0");
            agent.await();
        }
    }

    // The state.

    @Test
    @DisplayName("a state of more than 16 MiB is refused, after all of it was read")
    void hugeState() throws Exception {
        Ended ended = run(new byte[18 * MEBIBYTE]);
        assertRefused(ended);
        assertThat(ended.err()).contains("18874368 bytes, more than 16777216");
        assertThat(aloneWasAsked()).isFalse();
    }

    @Test
    @DisplayName("one byte more than 16 MiB is refused")
    void tooLargeState() throws Exception {
        assertRefused(run(new byte[16 * MEBIBYTE + 1]));
    }

    @ParameterizedTest
    @ValueSource(strings = {"<&-", "</dev/null", "</", "0>/dev/null", "<&- >&- 3>&-"})
    @DisplayName("without a state nothing is asked")
    void noState(String redirection) throws Exception {
        alone("touch " + directory.resolve("asked"));
        assertRefused(end(start(shell("exec \"$@\" " + redirection), arguments())));
        assertThat(aloneWasAsked()).isFalse();
    }

    @Test
    @DisplayName("a state that never ends is ended by the limit")
    void endlessState() throws Exception {
        limit = 300;
        alone("touch " + directory.resolve("asked"));
        Process process = start(List.of(), arguments());
        process.getOutputStream().write(STATE);
        process.getOutputStream().flush();
        Ended ended = end(process);
        assertRefused(ended);
        assertThat(ended.took()).isGreaterThanOrEqualTo(Duration.ofMillis(limit));

        ended = end(start(shell("exec \"$@\" </dev/zero"), arguments()));
        assertRefused(ended);
        assertThat(ended.took()).isGreaterThanOrEqualTo(Duration.ofMillis(limit));
        assertThat(aloneWasAsked()).isFalse();
    }

    // The program that decides alone.

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

    // Use.

    static Stream<List<String>> wrongUses() {
        return Stream.of(
                List.of(),
                List.of("start"),
                List.of("createruntime"),
                List.of("createRuntime", "poststop"),
                List.of("--socket"),
                List.of("--socket", "/s"),
                List.of("--sock", "/s", "createRuntime"),
                List.of("--socket", "relative", "createRuntime"),
                List.of("--socket", "/" + "s".repeat(107), "createRuntime"),
                List.of("--alone", "alone", "createRuntime"),
                List.of("--alone", "a\nb", "createRuntime"),
                List.of("--limit", "0", "createRuntime"),
                List.of("--limit", "-1", "createRuntime"),
                List.of("--limit", "10s", "createRuntime"),
                List.of("--limit", "", "createRuntime"),
                List.of("--agent", "99999999999999999999", "createRuntime"));
    }

    @ParameterizedTest
    @MethodSource("wrongUses")
    @DisplayName("wrong arguments are refused")
    void wrongUse(List<String> arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(LAUNCHER.toString()));
        command.addAll(arguments);
        Ended ended = end(start(shell("exec \"$@\" </dev/null"), command));
        assertRefused(ended);
        assertThat(ended.err()).startsWith("bpfguard: wrong use");
    }

    @Test
    @DisplayName("without a stderr it refuses as well")
    void noStderr() throws Exception {
        alone("exit 3");
        assertThat(end(feed(start(shell("exec \"$@\" 2>&-"), arguments()), STATE)).status()).isEqualTo(1);
    }

    private static void assertAllowed(Ended ended) {
        assertThat(ended).as("%s", ended).returns(0, Ended::status).returns("", Ended::out).returns("", Ended::err);
    }

    private static void assertRefused(Ended ended) {
        assertThat(ended).as("%s", ended).returns(1, Ended::status).returns("", Ended::out);
        assertThat(ended.err()).startsWith("bpfguard: ").endsWith("\n").containsOnlyOnce("\n").doesNotStartWith("bpfguard: bpfguard");
    }

    /// Waits for a process, whose number a script wrote, to be gone; one that only waits to be reaped is.
    private void assertGone(String file) throws Exception {
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

    private boolean aloneWasAsked() {
        return Files.exists(directory.resolve("asked"));
    }

    private List<String> lines(String file) throws IOException {
        return Files.readAllLines(directory.resolve(file));
    }

    private void alone(String script) throws IOException {
        Files.writeString(alone, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(alone, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private List<String> arguments() {
        return List.of(
                LAUNCHER.toString(),
                "--socket", socket.toString(),
                "--limit", Integer.toString(limit),
                "--agent", Integer.toString(agentLimit),
                "--alone", alone.toString(),
                stage);
    }

    private static List<String> shell(String script) {
        return List.of("sh", "-c", script, "sh");
    }

    private Ended withAgent(Conduct conduct) throws Exception {
        return withAgent(STATE, conduct);
    }

    private Ended withAgent(byte[] state, Conduct conduct) throws Exception {
        Files.deleteIfExists(socket);
        try (FakeAgent agent = new FakeAgent(socket, conduct)) {
            Ended ended = run(state);
            agent.await();
            return ended;
        }
    }

    private Ended run(byte[] state) throws Exception {
        Process process = start(List.of(), arguments());
        CompletableFuture<Void> written = CompletableFuture.runAsync(() -> feed(process, state));
        Ended ended = end(process);
        written.get(10, TimeUnit.SECONDS);
        return ended;
    }

    /// Writes all of the state, which must not fail.
    private static Process feed(Process process, byte[] state) {
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(state);
            return process;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process start(List<String> before, List<String> command) throws IOException {
        List<String> all = new ArrayList<>(before);
        all.addAll(command);
        started = System.nanoTime();
        return new ProcessBuilder(all)
                .redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile())
                .start();
    }

    private Ended end(Process process) throws Exception {
        if (!process.waitFor(45, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the launcher does not end");
        }
        Duration took = Duration.ofNanos(System.nanoTime() - started);
        return new Ended(
                process.exitValue(), Files.readString(directory.resolve("out")), Files.readString(directory.resolve("err")), took);
    }

    private static int exitOf(List<String> before, String... command) throws Exception {
        List<String> all = new ArrayList<>(before);
        all.addAll(List.of(command));
        return new ProcessBuilder(all).start().waitFor();
    }
}
