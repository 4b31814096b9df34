package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.node.Event;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A custom program that comes, and is replaced, while the container runs; one that the verifier refuses changes nothing. */
public final class LatePrograms implements Scenario {
    private static final String NAME = "late-programs";
    private static final String OBJECT = "late";
    private static final String FILE = "late-file";
    private static final int EACCES = 13;
    /** From the file's appearance to the new program in the running container's chain, on an emulated and busy machine: a real one needs under a second. */
    private static final Duration LIMIT = Duration.ofSeconds(5);

    @Override
    public String name() {
        return NAME;
    }

    private static String policy(long longest) {
        return Catalogue.policy(NAME, """
                programs:
                  - action: deny
                    object: late.bpf.o
                    parameters: {prefix: late, longest: %d}
                    errno: EACCES
                """.formatted(longest));
    }

    @Override
    public void control(Stage stage) {
        if (stage.readShared(stage.free(), FILE) != 0) {
            stage.report.voided("the file can be read without us", "");
        }
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.sharedFile(FILE, "more than ten bytes");
        var container = stage.idle(stage.pod(NAME), "main");

        rejected(stage, stage.policies.react(() -> stage.policies.write(NAME, policy(10)), "policies-rejected"), "a program that is not there",
                NAME + ".yaml:", "is not in /etc/bpfguard/programs.d");
        judged(stage, container, 0, "before the program comes");

        Duration took = appearance(stage, "large-files");
        judged(stage, container, EACCES, "as soon as the program has come");
        stage.report.check(took.compareTo(LIMIT) < 0, "from the file's appearance to its program in the running container's chain: under " + LIMIT.toSeconds() + " emulated seconds",
                took.toMillis() + " ms");
        stage.report.note("from the file's appearance to its program in force: " + took.toMillis() + " ms");

        rejected(stage, stage.policies.react(() -> Programs.install(stage.layout, "refused", OBJECT), "policies-rejected"),
                "a program with other parameters", NAME + ".yaml:", "has no parameter prefix");
        judged(stage, container, EACCES, "after a program that does not fit");
        verifierRefuses(stage, container);
        rejected(stage, stage.policies.react(() -> Programs.install(stage.layout, "foreign", OBJECT), "policies-rejected"),
                "a program that was not made for us", NAME + ".yaml:", "was not made for BPFGuard");
        judged(stage, container, EACCES, "after a foreign program");
        appearance(stage, "large-files");
        judged(stage, container, EACCES, "after the good one is back");

        stage.policies.change(() -> stage.policies.write(NAME, policy(1000)));
        judged(stage, container, 0, "after a parameter changed");
        stage.policies.change(() -> stage.policies.write(NAME, policy(10)));
        judged(stage, container, EACCES, "after it changed back");

        stage.agent.kill();
        judged(stage, container, EACCES, "after kill -9 of the agent");
        stage.agent.start();
        judged(stage, container, EACCES, "after a new agent came");
        stage.policies.change(() -> stage.policies.write(NAME, policy(1000)));
        judged(stage, container, 0, "by an edit after the restart");
        stage.report.check(stage.readShared(stage.free(), FILE) == 0, "an unselected pod reads it after all that", "");
        stage.policies.change(() -> stage.policies.remove(NAME));
    }

    /** The program's file appears; how long until the agent says that it is in force. */
    private static Duration appearance(Stage stage, String compiled) throws InterruptedException {
        long[] begin = new long[1];
        stage.policies.change(() -> {
            begin[0] = System.nanoTime();
            Programs.install(stage.layout, compiled, OBJECT);
        });
        return Duration.ofNanos(System.nanoTime() - begin[0]);
    }

    private static void verifierRefuses(Stage stage, Container container) throws InterruptedException {
        String rule = """
                programs:
                  - action: deny
                    object: late.bpf.o
                """;
        rejected(stage, stage.policies.react(() -> stage.policies.write(NAME, Catalogue.policy(NAME, rule)), "policies-rejected"),
                "a program that the verifier refuses", NAME + ".yaml:", "the verifier rejected program program");
        judged(stage, container, EACCES, "after a program that the verifier refused");
        Path file = stage.layout.policies().resolve(NAME + ".yaml");
        var check = stage.agent.command("check", "--node", file.toString());
        stage.report.check(!check.ok() && check.toString().contains("the verifier rejected program program"),
                "check --node gives the verifier's words too", check.toString());
        stage.policies.react(() -> stage.policies.write(NAME, policy(10)), "policies-rejected");
    }

    private static void rejected(Stage stage, Optional<Event> event, String what, String place, String words) {
        String problems = event.map(found -> found.json().path("problems").toString()).orElse("no event policies-rejected");
        stage.report.check(problems.contains(place) && problems.contains(words), what + " is refused with its place and the reason", problems);
    }

    private static void judged(Stage stage, Container container, int expected, String when) {
        int exit = stage.readShared(container, FILE);
        stage.report.check(exit == expected, "the running container's read is " + (expected == 0 ? "allowed " : "denied ") + when, "exit " + exit);
    }
}
