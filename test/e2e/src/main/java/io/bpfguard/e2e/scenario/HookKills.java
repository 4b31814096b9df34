package io.bpfguard.e2e.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.bpfguard.e2e.node.Shell;
import io.bpfguard.e2e.oci.PlainRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/**
 * The hook is killed at points of its life that a seeded generator chooses: of a container's start and of its end, with an agent and
 * without. Whatever is left undone, no container runs without its route, and no route stays for a container that is gone.
 */
public final class HookKills implements Scenario {
    private static final int KILLS = 200;
    /** Of these the hook does its work alone: it starts a Java machine, which takes an emulated machine seconds. */
    private static final int ALONE_EACH = 10;
    private static final Duration WITH_AGENT = Duration.ofMillis(150);
    private static final Duration ALONE = Duration.ofSeconds(12);
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Map<String, String> SELECTED = Map.of("bpfguard.io/namespace", "by-hook");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Random random = new Random(4711);
    private PlainRuntime runtime;
    private Path hooks;
    private int serial;

    @Override
    public String name() {
        return "hook-kills";
    }

    @Override
    public void control(Stage stage) {
        runtime = new PlainRuntime("runc", stage.layout);
        Path file = stage.sharedFile("first-opens/killed", "");
        var result = runtime.run("killed-control", SELECTED, "/probes/first-open", "/shared/first-opens/killed");
        if (!result.ok() || Stage.size(file) != 1) {
            stage.report.voided("the first system call gets through without us", result.output());
        }
    }

    @Override
    public void run(Stage stage) throws Exception {
        stage.agent.stop();
        stage.policies.write(name(), """
                apiVersion: bpfguard.io/v1
                kind: ContainerPolicy
                metadata: {name: hook-kills}
                spec:
                  selector: {namespaces: [by-hook]}
                  files: [{action: deny, paths: ["/shared/first-opens/*"], operations: [read, write]}]
                """);
        hooks = stage.layout.work().resolve("hook-pids");
        // It tells its number before it becomes the launcher.
        runtime.hooks(new PlainRuntime.Hooks(List.of("/bin/sh", "-c", "echo $$ >>" + hooks + "; exec \"$0\" \"$@\"",
                stage.layout.work().resolve("dist/bin/bpfguard-hook").toString(), "--limit", "240000", "--agent", "60000"), 300));

        var loaded = stage.agent.command("load");
        if (!loaded.ok()) {
            throw new IllegalStateException(loaded.output());
        }
        kills(stage, "without an agent", Math.max(2, stage.count(KILLS) / ALONE_EACH), ALONE);
        // Whoever comes next finds and frees what killed hooks left.
        Tally end = one(stage, Duration.ZERO, 0);
        stage.report.check(end.denied == 1 && slots(stage) == 0, "without an agent: the next container frees what was left", slots(stage) + " slots");

        int mark = stage.agent.events().mark();
        stage.agent.launch();
        stage.agent.events().await(mark, event -> event.kind().equals("policies"), stage.agent.patience())
                .orElseThrow(() -> new IllegalStateException("the agent does not say that the policies are in force"));
        kills(stage, "with the agent", stage.count(KILLS), WITH_AGENT);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (slots(stage) > 0 && System.nanoTime() < deadline) {
            Thread.sleep(1000);
        }
        stage.report.check(slots(stage) == 0, "with the agent: no route is left", slots(stage) + " slots");
        runtime.hooks(PlainRuntime.Hooks.NONE);
        stage.policies.change(() -> stage.policies.remove(name()));
        stage.agent.stop();
    }

    /** What came of containers whose hook was to be killed. */
    private record Tally(int killed, int refused, int denied, List<String> through) {
        static final Tally NONE = new Tally(0, 0, 0, List.of());

        Tally plus(Tally other) {
            var all = new ArrayList<>(through);
            all.addAll(other.through);
            return new Tally(killed + other.killed, refused + other.refused, denied + other.denied, all);
        }
    }

    private void kills(Stage stage, String how, int times, Duration life) throws Exception {
        Tally tally = Tally.NONE;
        for (int i = 0; i < times; i++) {
            // The hook of a start, and where that is let live, sometimes the one of the end.
            tally = tally.plus(one(stage, life, random.nextInt(4) == 0 ? 2 : 1));
        }
        stage.report.check(tally.through.isEmpty(), how + ", " + times + " containers: none ran without its route", tally.through.toString());
        stage.report.check(tally.killed >= times / 2 && tally.refused > 0, how + ": enough hooks were killed, and their containers not made",
                tally.killed + " killed, " + tally.refused + " not made, " + tally.denied + " denied");
    }

    /**
     * Runs a container.
     *
     * @param life the hook is killed before it is this old
     * @param which of the container's hooks: the first, the second, or 0 for none
     */
    private Tally one(Stage stage, Duration life, int which) throws Exception {
        int number = serial++;
        String id = "killed-" + number;
        Path file = stage.sharedFile("first-opens/" + id, "");
        Files.writeString(hooks, "");
        Callable<Shell.Result> start = () -> runtime.run(id, SELECTED, "/probes/first-open", "/shared/first-opens/" + id);
        var container = new FutureTask<>(start);
        Thread.ofVirtual().start(container);
        int killed = which > 0 && kill(container, which, life) ? 1 : 0;
        int status = container.get().status();
        runtime.end(id);
        boolean through = Stage.size(file) != 0;
        // The workload ends with 1 when it is denied; so does runc when it makes no container, but then it says why.
        boolean refused = !container.get().output().isBlank();
        return new Tally(killed, refused ? 1 : 0, refused || status != 1 ? 0 : 1,
                through || !refused && status != 1 ? List.of(id + ": exit " + status + ", size " + Stage.size(file) + " " + container.get().output()) : List.of());
    }

    /** Kills a hook, or what it has started, at some point of its life; false if it had ended before. */
    private boolean kill(FutureTask<?> container, int which, Duration life) throws IOException, InterruptedException {
        List<String> pids = Files.readAllLines(hooks);
        while (pids.size() < which) {
            if (container.isDone()) {
                return false;
            }
            Thread.sleep(1);
            pids = Files.readAllLines(hooks);
        }
        var launcher = ProcessHandle.of(Long.parseLong(pids.get(which - 1).strip()));
        Thread.sleep(random.nextLong(life.toMillis()));
        if (launcher.isEmpty() || !launcher.get().isAlive()) {
            return false;
        }
        var victim = random.nextBoolean() ? launcher : launcher.get().descendants().findFirst().or(() -> launcher);
        return victim.get().destroyForcibly();
    }

    private static int slots(Stage stage) throws IOException {
        JsonNode status = JSON.readTree(stage.agent.command("status", "--json").output());
        int ours = 0;
        for (JsonNode container : status.get("containers")) {
            ours += container.get("cgroup").asText().contains("killed-") ? 1 : 0;
        }
        return ours;
    }
}
