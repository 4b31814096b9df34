package io.bpfguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class EventsCommandTest {
    @TempDir
    private Path directory;

    private Path file;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void writeEvents() throws Exception {
        file = directory.resolve("events.json");
        Files.writeString(directory.resolve("events.json.1"), deny("prod", "web-1", "web", 1) + deny("prod", "web-2", "web", 2));
        Files.writeString(file, deny("test", "web-1", "other", 3) + "{\"version\":1,\"time\":\"T4\",\"event\":\"policies\",\"generation\":2}\n");
    }

    private static String deny(String namespace, String pod, String policy, int time) {
        return ("{\"version\":1,\"time\":\"T%d\",\"event\":\"deny\",\"namespace\":\"%s\",\"pod\":\"%s\",\"container\":\"main\",\"containerId\":\"c\",\"policy\":\"%s\",\"rule\":\"files[0]\","
                + "\"mechanism\":\"lsm/file_open\",\"errno\":\"EPERM\",\"process\":{\"pid\":1,\"uid\":0,\"comm\":\"cat\"},\"object\":\"/x\"}%n").formatted(time, namespace, pod, policy);
    }

    private int events(String... arguments) {
        List<String> all = new ArrayList<>(List.of("events", "--events-file", file.toString()));
        all.addAll(List.of(arguments));
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        CommandLine command = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return command.execute(all.toArray(String[]::new));
    }

    private List<String> times() {
        return out.toString().lines().map(line -> line.split(" ")[0]).toList();
    }

    @Test
    void printsAllFromTheOldestFileOn() {
        assertThat(events()).isZero();
        assertThat(out.toString().lines()).containsExactly(
                "T1 deny prod/web-1/main: /x by cat (pid 1, uid 0), EPERM: web files[0], lsm/file_open",
                "T2 deny prod/web-2/main: /x by cat (pid 1, uid 0), EPERM: web files[0], lsm/file_open",
                "T3 deny test/web-1/main: /x by cat (pid 1, uid 0), EPERM: other files[0], lsm/file_open",
                "T4 policies generation 2");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void printsWhatFits() {
        assertThat(events("--namespace", "prod", "--pod", "*-2")).isZero();
        assertThat(times()).containsExactly("T2");
        events("--policy", "web");
        assertThat(times()).containsExactly("T1", "T2");
        events("--event", "polic*");
        assertThat(times()).containsExactly("T4");
        events("--container", "main", "-n", "1");
        assertThat(times()).containsExactly("T3");
        events("-n", "0");
        assertThat(times()).isEmpty();
    }

    @Test
    void printsTheLinesAsTheyAre() {
        events("--json", "--namespace", "test");
        assertThat(out.toString()).isEqualTo(deny("test", "web-1", "other", 3));
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        assertThat(events("--pod", "[")).isEqualTo(2);
        assertThat(err.toString()).contains("--pod");
        assertThat(events("--lines", "-1")).isEqualTo(2);
        Files.writeString(file, "{\"version\":1,\"ti\n[1]\n\n");
        assertThat(events()).isZero();
        assertThat(times()).containsExactly("T1", "T2");
        assertThat(err.toString()).contains("3 lines").contains("are no events");
        Files.delete(file);
        assertThat(events()).isEqualTo(1);
        assertThat(err.toString()).contains("no agent has written events there");
    }
}
