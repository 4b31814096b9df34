package io.bpfguard.hook;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the launcher is given: the state on its standard input, its arguments, its standard error.
class LauncherInputTest extends LauncherRun {
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
}
