package io.bpfguard.e2e.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.bpfguard.e2e.node.Event;
import io.bpfguard.e2e.node.Shell;
import io.bpfguard.e2e.oci.OciTool;
import io.bpfguard.e2e.oci.PlainRuntime;
import io.bpfguard.e2e.oci.Podman;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** Containers of runtimes that know no NRI: by the hook alone, by the hook and the agent, and refused where neither can answer. */
public final class OciHook implements Scenario {
    private static final Map<String, String> SELECTED = Map.of("bpfguard.io/namespace", "by-hook");
    private static final Map<String, String> FREE = Map.of("bpfguard.io/namespace", "elsewhere");
    /** What an image's author could add, to be taken for the pause container of a pod, or for a pod's container elsewhere. */
    private static final Map<String, String> SANDBOX = Map.of("io.container.manager", "x", "io.kubernetes.cri.container-type", "sandbox",
            "io.kubernetes.cri.sandbox-namespace", "by-hook");
    private static final Map<String, String> CONTAINER = Map.of("bpfguard.io/namespace", "by-hook", "io.container.manager", "x", "io.kubernetes.cri.container-type", "container",
            "io.kubernetes.cri.sandbox-namespace", "elsewhere", "io.kubernetes.cri.container-name", "x");
    private static final int STARTS = 200;
    private static final int EPERM = 1;
    private static final String THROUGH = "exit 0, size 1";
    private static final String DENIED = "exit 1, size 0";
    /** An emulated machine starts a Java machine in many seconds. */
    private static final int LIMIT_SECONDS = 240;
    private static final int AGENT_SECONDS = 60;
    private static final int FROZEN_SECONDS = 2;
    private static final Path RUN = Path.of("/run/bpfguard");
    private static final ObjectMapper JSON = new ObjectMapper();

    private List<OciTool> tools = List.of();
    private int serial;

    @Override
    public String name() {
        return "oci-hook";
    }

    private static String policy(String file) {
        return """
                apiVersion: bpfguard.io/v1
                kind: ContainerPolicy
                metadata:
                  name: oci-hook
                spec:
                  selector:
                    namespaces: [by-hook]
                  processes:
                    - action: deny
                      paths: [/probes/mark]
                  files:
                    - action: deny
                      paths: ["/shared/first-opens/*", "/shared/%s"]
                      operations: [read, write]
                """.formatted(file);
    }

    @Override
    public void control(Stage stage) {
        tools = stage.full
                ? List.of(new PlainRuntime("runc", stage.layout), new PlainRuntime("crun", stage.layout), new Podman("runc", stage.layout),
                        new Podman("crun", stage.layout))
                : List.of(new PlainRuntime("runc", stage.layout), new Podman("crun", stage.layout));
        for (var tool : tools) {
            for (var annotations : List.of(SELECTED, SANDBOX, CONTAINER)) {
                through(stage, tool, annotations, false);
            }
            through(stage, tool, SELECTED, true);
        }
    }

    private void through(Stage stage, OciTool tool, Map<String, String> annotations, boolean exec) {
        String outcome = start(stage, tool, annotations, exec).text();
        if (!outcome.equals(THROUGH)) {
            stage.report.voided(tool.version() + ": its first system call gets through without us", outcome);
        }
    }

    @Override
    public void run(Stage stage) throws Exception {
        stage.agent.stop();
        stage.agent.uninstall();
        stage.policies.write(name(), policy("judged"));
        hooks(stage, AGENT_SECONDS);
        Shell.must("busybox", "syslogd", "-S", "-O", systemLog(stage).toString());
        refusedWithoutState(stage);
        loaded(stage);
        for (var tool : tools) {
            alone(stage, tool);
        }
        stateFile(stage);
        switched(stage);
        withAgent(stage);
        for (var tool : tools) {
            frozen(stage, tool);
        }
        stage.policies.change(() -> stage.policies.remove(name()));
        stage.agent.stop();
    }

    private void hooks(Stage stage, int agentSeconds) {
        var launcher = List.of(stage.layout.work().resolve("dist/bin/bpfguard-hook").toString(), "--limit", LIMIT_SECONDS * 1000 + "",
                "--agent", agentSeconds * 1000 + "");
        tools.stream().filter(PlainRuntime.class::isInstance).map(PlainRuntime.class::cast)
                .forEach(tool -> tool.hooks(new PlainRuntime.Hooks(launcher, LIMIT_SECONDS + 60)));
        var installed = stage.agent.command("hook", "install", "--runtime", "podman", "--limit", "100000");
        stage.report.check(installed.ok(), "bpfguard hook install writes Podman's hooks", installed.output());
        stage.report.check(stage.agent.command("hook", "status").ok(), "bpfguard hook status finds them", stage.agent.command("hook", "status").output());
    }

    /** What came of a container. */
    private record Outcome(int status, long size, String output, String id) {
        String text() {
            return "exit " + status + ", size " + size;
        }
    }

    /** The system's log, where people find the reasons of a hook whose runtime keeps them to itself. */
    private static Path systemLog(Stage stage) {
        return stage.layout.logs().resolve("system.log");
    }

    private static String logged(Stage stage, int from) {
        try {
            Path log = systemLog(stage);
            String all = Files.exists(log) ? Files.readString(log) : "";
            return all.substring(Math.min(from, all.length()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Outcome start(Stage stage, OciTool tool, Map<String, String> annotations, boolean exec) {
        int number = serial++;
        String id = tool.name() + "-" + number;
        String file = (exec ? "marks/" : "first-opens/") + "hook-" + number;
        Path seen = stage.sharedFile(file, "");
        String[] command = exec ? new String[] {"/probes/first-exec", "/probes/mark", "/shared/" + file} : new String[] {"/probes/first-open", "/shared/" + file};
        Shell.Result result = tool.run(id, annotations, command);
        return new Outcome(result.status(), Stage.size(seen), result.output(), id);
    }

    private void loaded(Stage stage) {
        var loaded = stage.agent.command("load");
        stage.report.check(loaded.ok(), "bpfguard load puts the policies in force without an agent", loaded.output());
    }

    private void refusedWithoutState(Stage stage) {
        for (var tool : tools) {
            refused(stage, tool, SELECTED, "without any state in the kernel", "the kernel holds no BPFGuard state", "bpfguard load");
        }
    }

    /** The container is not made, the reason and the remedy are told, and nothing is left of it. */
    private void refused(Stage stage, OciTool tool, Map<String, String> annotations, String when, String... words) {
        int mark = logged(stage, 0).length();
        var outcome = start(stage, tool, annotations, false);
        String log = logged(stage, mark);
        // crun shows nobody what a hook wrote.
        boolean told = Stream.of(words).allMatch(word -> log.contains(word) && (tool.name().endsWith("crun") || outcome.output().contains(word)));
        stage.report.check(outcome.status() != 0 && outcome.size() == 0 && told, tool.name() + " makes no container " + when + ", and the reason is told",
                outcome.text() + ": " + outcome.output() + "; log: " + log);
        boolean left = tool.knows(outcome.id()) && tool instanceof PlainRuntime || Files.exists(RUN.resolve("containers").resolve(outcome.id()));
        stage.report.check(!left, tool.name() + " has nothing left of the container refused " + when, outcome.id());
    }

    private void alone(Stage stage, OciTool tool) {
        refused(stage, tool, SANDBOX, "that poses as a pod's sandbox", "sandbox of a pod");
        refused(stage, tool, CONTAINER, "that poses as a pod's", "those of several runtimes");
        starts(stage, tool, "without an agent", Math.max(2, stage.count(STARTS) / 10));
        String id = tool.name() + "-stays";
        Path file = stage.sharedFile("judged", "");
        var started = tool.stay(id, SELECTED);
        int status = tool.exec(id, "/probes/file", "append", "/shared/judged").status();
        stage.report.check(started.ok() && status == EPERM && Stage.size(file) == 0, tool.name() + ": a session in a running container is judged",
                "exit " + status + ", size " + Stage.size(file) + started.output());
        tool.end(id);
        stage.report.check(!Files.exists(RUN.resolve("containers").resolve(id)) && files() == 0, tool.name() + ": nothing is left of a container that ended", files() + " files");
    }

    private static long files() {
        try (Stream<Path> files = Files.list(RUN.resolve("containers"))) {
            return files.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void starts(Stage stage, OciTool tool, String how, int times) {
        var through = new java.util.ArrayList<String>();
        var free = new java.util.ArrayList<String>();
        for (int i = 0; i < times; i++) {
            var outcome = start(stage, tool, SELECTED, i % 2 == 1);
            if (!outcome.text().equals(DENIED)) {
                through.add(outcome.id() + ": " + outcome.text() + " " + outcome.output());
            }
        }
        var neighbour = start(stage, tool, FREE, false);
        if (!neighbour.text().equals(THROUGH)) {
            free.add(neighbour.id() + ": " + neighbour.text() + " " + neighbour.output());
        }
        String who = tool.version() + " " + how;
        stage.report.check(through.isEmpty(), who + ": 0 of " + times + " first system calls got through", through.toString());
        stage.report.check(free.isEmpty(), who + ": a container that no policy selects is let through", free.toString());
    }

    private void stateFile(Stage stage) throws IOException {
        OciTool tool = tools.getFirst();
        Path file;
        try (Stream<Path> files = Files.list(RUN.resolve("policies"))) {
            file = files.findFirst().orElseThrow();
        }
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(whole, whole.length / 2));
        refused(stage, tool, SELECTED, "with a torn file of policies", "torn", "bpfguard load");
        Files.delete(file);
        refused(stage, tool, SELECTED, "without the file of policies", "missing", "bpfguard load");
        Files.write(file, whole);
        var outcome = start(stage, tool, SELECTED, false);
        stage.report.check(outcome.text().equals(DENIED), "with the file as it was, it goes on", outcome.text() + outcome.output());
    }

    /** A running container gets the policies that are loaded later. */
    private void switched(Stage stage) {
        OciTool tool = tools.getLast();
        String id = tool.name() + "-switched";
        Path file = stage.sharedFile("other", "");
        tool.stay(id, SELECTED);
        int before = tool.exec(id, "/probes/file", "append", "/shared/other").status();
        stage.policies.write(name(), policy("other"));
        loaded(stage);
        int after = tool.exec(id, "/probes/file", "append", "/shared/other").status();
        stage.report.check(before == 0 && after == EPERM && Stage.size(file) == 1, "a container that runs gets the policies that are loaded later",
                "before exit " + before + ", after exit " + after + ", size " + Stage.size(file));
        tool.end(id);
    }

    private void withAgent(Stage stage) throws InterruptedException {
        OciTool adopted = tools.get(0);
        String id = "adopted-by-agent";
        adopted.stay(id, SELECTED);
        int mark = stage.agent.events().mark();
        // Not linked to a runtime: that of an old release knows no NRI.
        stage.agent.launch();
        stage.agent.events().await(mark, event -> event.kind().equals("policies"), stage.agent.patience())
                .orElseThrow(() -> new IllegalStateException("the agent does not say that the policies are in force"));
        if (!eventually(() -> Files.exists(RUN.resolve("hook.sock")))) {
            throw new IllegalStateException("the agent makes no socket for hooks");
        }
        Path file = stage.sharedFile("other", "");
        int status = adopted.exec(id, "/probes/file", "append", "/shared/other").status();
        var events = stage.agent.events().settled(mark, event -> event.isDecision() && event.containerId().equals(id), 1, stage.agent.patience());
        stage.report.check(status == EPERM && Stage.size(file) == 0 && events.size() == 1 && events.getFirst().policy().equals(name()),
                "an agent that comes later knows the container, and reports its denials by name", "exit " + status + ": " + events);
        adopted.end(id);
        for (var tool : tools) {
            mark = stage.agent.events().mark();
            int times = Math.max(2, stage.count(STARTS) / 10);
            starts(stage, tool, "with the agent", times);
            List<Event> denials = stage.agent.events().settled(mark, Event::isDecision, times, stage.agent.patience());
            stage.report.check(denials.size() == times && denials.stream().allMatch(event -> event.policy().equals(name())),
                    tool.name() + ": one event each", denials.size() + ": " + denials);
        }
        stage.report.check(eventually(() -> containers(stage) == 0), "the kernel's slots of all containers are free again", containers(stage) + " are not");
    }

    private void frozen(Stage stage, OciTool tool) {
        if (tool instanceof Podman) {
            return; // Its hooks have the usual times, which are too short for an emulated Java machine.
        }
        hooks(stage, FROZEN_SECONDS);
        stage.agent.freeze();
        try {
            starts(stage, tool, "with the agent frozen", 2);
        } finally {
            stage.agent.thaw();
            hooks(stage, AGENT_SECONDS);
        }
    }

    private static boolean eventually(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 60; i++) {
            if (condition.getAsBoolean()) {
                return true;
            }
            Thread.sleep(1000);
        }
        return false;
    }

    private static int containers(Stage stage) {
        try {
            JsonNode status = JSON.readTree(stage.agent.command("status", "--json").output());
            int ours = 0;
            for (JsonNode container : status.get("containers")) {
                ours += container.get("cgroup").asText().matches("(byhand-)?(runc|crun)-.*|libpod-.*") ? 1 : 0;
            }
            return ours;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
