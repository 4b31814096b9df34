package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.node.Event;
import java.io.File;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Names that are only bytes, characters that mean something to globs, and paths of more bytes than a decision looks at. */
public final class OddPaths implements Scenario {
    private static final String NAME = "odd-paths";
    private static final int EPERM = 1;
    private static final int EACCES = 13;
    /** Below 4095 bytes, and above. */
    private static final int DEEP = 15;
    private static final int TOO_DEEP = 25;
    /** As {@code printf} of a shell takes them, by what they are. */
    private static final Map<String, String> NAMES = Map.of("a line end and quotes", "a\\n\"'b", "bytes that are no UTF-8", "\\377\\376", "an escape sequence and spaces", " \\033[2J ",
            "characters of globs", "*?[a]{b}\\\\");
    /** What the glob in the policy means literally, and what it would match if its characters meant something. */
    private static final String LITERAL = "lit*[x]{a}?";
    private static final List<String> NOT_LITERAL = List.of("litx", "litzzxa.", "lit*x{a}?", "lit*[x]{a}!");

    @Override
    public String name() {
        return NAME;
    }

    private static String policy() {
        return Catalogue.policy(NAME, """
                files:
                  - {name: vault, action: deny, errno: EACCES, operations: [read, write], paths: ["/shared/odd/vault/**"]}
                  - {name: literal, action: deny, errno: EACCES, operations: [read, write], paths: ['/shared/odd/lit\\*\\[x\\]\\{a\\}\\?']}
                """);
    }

    @Override
    public void control(Stage stage) throws Exception {
        Files.createDirectories(stage.layout.shared().resolve("odd/vault"));
        Files.createDirectories(stage.layout.shared().resolve("odd/free"));
        var free = stage.free();
        for (var name : NAMES.entrySet()) {
            succeeds(stage, free, script("printf x >", "vault", name.getValue()), "a file whose name has " + name.getKey() + " can be made");
        }
        for (String name : all()) {
            stage.sharedFile("odd/" + name, "x");
        }
        for (String directory : List.of("vault", "free")) {
            for (int depth : new int[] {DEEP, TOO_DEEP}) {
                succeeds(stage, free, deep("make", directory, depth), "a file " + depth + " directories deep can be made");
            }
        }
        attempts(stage, free, "without us");
    }

    private static List<String> all() {
        var names = new ArrayList<>(NOT_LITERAL);
        names.add(LITERAL);
        return names;
    }

    /** A shell's word cannot end in a line end, and none here does. */
    private static List<String> script(String command, String directory, String name) {
        return List.of("/bin/sh", "-c", command + " \"$(printf '/shared/odd/" + directory + "/%b' \"$0\")\"", name);
    }

    private static List<String> read(String directory, String name) {
        return script("/probes/file read", directory, name);
    }

    private static List<String> deep(String what, String directory, int depth) {
        return List.of("/probes/deep", what, "/shared/odd/" + directory, Integer.toString(depth));
    }

    private static void succeeds(Stage stage, Container container, List<String> command, String what) {
        var result = stage.kubelet.execSync(container, command);
        if (result.exitCode() != 0) {
            stage.report.voided(what, "exit " + result.exitCode() + " " + result.stderr());
        }
    }

    /** All of them, in a container where none is denied. */
    private static void attempts(Stage stage, Container container, String when) {
        for (var name : NAMES.entrySet()) {
            succeeds(stage, container, read("vault", name.getValue()), "a file whose name has " + name.getKey() + " can be read " + when);
        }
        for (String name : all()) {
            succeeds(stage, container, List.of("/probes/file", "read", "/shared/odd/" + name), name + " can be read " + when);
        }
        for (int depth : new int[] {DEEP, TOO_DEEP}) {
            succeeds(stage, container, deep("read", "free", depth), "a file " + depth + " directories deep can be read " + when);
        }
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(NAME, policy()));
        var container = stage.idle(stage.pod(NAME), "main");
        for (var name : NAMES.entrySet()) {
            denied(stage, container, read("vault", name.getValue()), EACCES, "", "a file whose name has " + name.getKey());
            long before = size(stage);
            int mark = stage.agent.events().mark();
            int exit = stage.kubelet.execSync(container, script("printf more >>", "vault", name.getValue())).exitCode();
            int events = stage.agent.events().settled(mark, Event::isDecision, 1, stage.agent.patience()).size();
            stage.report.check(exit != 0 && events == 1 && size(stage) == before, "and it cannot be appended to, nor does it grow",
                    "exit " + exit + ", " + before + " to " + size(stage) + " bytes, " + events + " events");
        }
        denied(stage, container, List.of("/probes/file", "read", "/shared/odd/" + LITERAL), EACCES, "", "a name with escaped characters of globs");
        for (String name : NOT_LITERAL) {
            int exit = stage.kubelet.execSync(container, List.of("/probes/file", "read", "/shared/odd/" + name)).exitCode();
            stage.report.check(exit == 0, "they stand for themselves: " + name + " can be read", "exit " + exit);
        }
        denied(stage, container, deep("read", "vault", DEEP), EACCES, "", "a file of the vault " + DEEP + " directories deep");
        int exit = stage.kubelet.execSync(container, deep("read", "free", DEEP)).exitCode();
        stage.report.check(exit == 0, "one elsewhere as deep can be read", "exit " + exit);
        denied(stage, container, deep("read", "vault", TOO_DEEP), EPERM, "path_too_long", "a file of the vault whose path is too long");
        denied(stage, container, deep("read", "free", TOO_DEEP), EPERM, "path_too_long", "and one elsewhere, since nobody can tell");
        attempts(stage, stage.free(), "in a pod that no policy selects");
        stage.report.check(true, "all of it is possible in a pod that no policy selects", "");
        stage.policies.change(() -> stage.policies.remove(NAME));
    }

    /** Of all files in the vault, as the host sees them. */
    private static long size(Stage stage) {
        long[] sum = {0};
        for (var file : stage.layout.shared().resolve("odd/vault").toFile().listFiles(File::isFile)) {
            sum[0] += file.length();
        }
        return sum[0];
    }

    private static void denied(Stage stage, Container container, List<String> command, int errno, String reason, String what) throws InterruptedException {
        int mark = stage.agent.events().mark();
        int exit = stage.kubelet.execSync(container, command).exitCode();
        var events = stage.agent.events().settled(mark, Event::isDecision, 1, stage.agent.patience());
        boolean told = events.size() == 1 && events.get(0).json().path("reason").asText().equals(reason) && events.get(0).json().path("containerId").asText().equals(container.id());
        stage.report.check(exit == errno && told, what + " is denied" + (reason.isEmpty() ? "" : ", as " + reason), "exit " + exit + " " + events);
    }
}
