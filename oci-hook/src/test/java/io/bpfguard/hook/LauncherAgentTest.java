package io.bpfguard.hook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.bpfguard.hook.FakeAgent.Conduct;
import io.bpfguard.hook.FakeAgent.Connection;
import io.bpfguard.hook.FakeAgent.Request;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The launcher and the agent: its answers, and whatever is none.
class LauncherAgentTest extends LauncherRun {
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
}
