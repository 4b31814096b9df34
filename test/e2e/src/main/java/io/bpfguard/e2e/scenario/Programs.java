package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.node.Layout;
import io.bpfguard.e2e.scenario.Trial.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** Custom programs as steps of a hook's chain, beside a stock matcher's, and at kernel functions. */
public final class Programs implements Scenario {
    private static final String NAME = "custom-programs";
    private static final String RULES = """
            files:
              - action: deny
                paths: [/shared/kept]
                operations: [write]
            programs:
              - action: deny
                object: large-files.bpf.o
                parameters: {prefix: large, longest: 10}
                errno: EACCES
              - action: deny
                object: unsure.bpf.o
              - action: kill
                object: mounted-type.bpf.o
                parameters: {type: tmpfs}
            """;
    private static final String IN_PLACE = """
              - action: deny
                object: new-links.bpf.o
                parameters: {target: /nowhere, never: false}
            """;
    private static final String[] SEEN = {"/probes/mount", "new", "tmpfs", "/m"};

    /** Made by the controls: what can be tried depends on the kernel. */
    private TrialScenario trials;
    private boolean preempts;

    private static TrialScenario trials(boolean inPlace) {
        List<Trial> all = new ArrayList<>(List.of(
                trial("a large file written", Errno.EACCES, "programs[0]", new Effect.FileChanged("large"), "/probes/file", "set", "/shared/large", "x"),
                trial("a file that a path rule keeps, at the same hook", Errno.EPERM, "files[0]", new Effect.FileChanged("kept"),
                        "/probes/file", "set", "/shared/kept", "x"),
                trial("a call that a program at a function sees", Errno.KILL, "programs[2]", new Effect.Mounted("tmpfs", "/m"), SEEN)));
        if (inPlace) {
            all.add(trial("a symbolic link, by a program in place of a function", Errno.EPERM, "programs[3]", new Effect.FileMade("linked"),
                    "/probes/file", "symlink", "/shared/linked"));
        }
        return new TrialScenario(NAME, policy(inPlace), all, List.of(
                List.of("/bin/sh", "-c", "echo x >/shared/large-name; cat /shared/large-name /shared/large-name >/dev/null; rm /shared/large-name"),
                List.of("/bin/sh", "-c", "/probes/mount new ramfs /other && umount /other")));
    }

    private static String policy(boolean inPlace) {
        return Catalogue.policy(NAME, RULES + (inPlace ? IN_PLACE : ""));
    }

    private static Trial trial(String title, Errno errno, String rule, Effect effect, String... command) {
        return new Trial(title, List.of(command), errno, NAME, rule, effect);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        try {
            preempts = SystemCallFunctions.preempts();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        trials = trials(!preempts);
        trials.control(stage);
        if (!truncates(stage, stage.attendedFree(spec -> spec))) {
            stage.report.voided("a file can be truncated without us", "");
        }
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        for (String object : List.of("large-files", "unsure", "mounted-type", "new-links")) {
            install(stage.layout, object, object);
        }
        trials.run(stage);
        lasting(stage);
        if (preempts) {
            var event = stage.policies.react(() -> stage.policies.write(NAME, policy(true)), "policies-rejected");
            String problems = event.map(found -> found.json().path("problems").toString()).orElse("no event policies-rejected");
            stage.report.check(problems.contains("the program new-links.bpf.o cannot deny") && problems.contains("preempts itself"),
                    "a kernel that skips programs at functions refuses a program that denies there", problems);
            stage.policies.change(() -> stage.policies.remove(NAME));
        }
    }

    /** A program that cannot tell denies, and says so; and programs outlive the agent. */
    private static void lasting(Stage stage) throws InterruptedException {
        stage.policies.change(() -> stage.policies.write(NAME, policy(false)));
        var container = stage.attended(NAME, spec -> spec);
        int mark = stage.agent.events().mark();
        boolean truncated = truncates(stage, container);
        var events = stage.agent.events().settled(
                mark, event -> event.isDecision() && event.containerId().equals(container.container().id()), 1, stage.agent.patience());
        boolean said = events.size() == 1 && events.getFirst().json().path("reason").asText().equals("program_failed");
        stage.report.check(!truncated && said, "a program that cannot tell denies, and the event says why", truncated + " " + events);
        stage.agent.kill();
        judged(stage, container, "after kill -9 of the agent");
        stage.agent.start();
        judged(stage, container, "after a new agent came");
        stage.policies.change(() -> stage.policies.remove(NAME));
        var freed = container.execute(List.of(SEEN));
        new Effect.Mounted("tmpfs", "/m").reset(stage, container.container());
        stage.report.check(truncates(stage, container) && freed.exitCode() == 0, "the new agent takes their programs away with the policy", freed.toString());
    }

    private static void judged(Stage stage, Attended container, String when) throws InterruptedException {
        int exit = container.execute(List.of(SEEN)).exitCode();
        boolean truncated = truncates(stage, container);
        stage.report.check(exit == Errno.KILL.status && !truncated, "programs at a hook and at a function judge " + when, "exit " + exit + ", truncated " + truncated);
    }

    private static boolean truncates(Stage stage, Attended container) throws InterruptedException {
        stage.sharedFile("unsure", "known content\n");
        container.execute(List.of("/probes/file", "truncate", "/shared/unsure"));
        return Stage.size(stage.layout.shared().resolve("unsure")) != "known content\n".length();
    }

    /** Puts a compiled program where the agent looks, as an administrator's tools do: in one step. */
    static void install(Layout layout, String object, String as) {
        try {
            Files.createDirectories(layout.programs());
            Path fresh = layout.programs().resolveSibling(as + ".new");
            Files.copy(layout.compiledPrograms().resolve(object + ".bpf.o"), fresh, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-r--r--"));
            Files.move(fresh, layout.programs().resolve(as + ".bpf.o"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
