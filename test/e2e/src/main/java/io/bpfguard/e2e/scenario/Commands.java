package io.bpfguard.e2e.scenario;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.node.Shell;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.StreamSupport;

/**
 * What an operator sees of a node, with the agent and without: status, policies, routes, events, metrics, reload. Each command starts a Java,
 * which takes seconds on an emulated machine, so there are few; their other options have unit tests.
 */
public final class Commands implements Scenario {
    private static final String NAME = "commands";
    private static final String FILE = "commands-file";
    private static final String OTHER = "commands-other";
    private static final int EACCES = 13;
    private static final int DENIALS = 5;
    private static final URI METRICS = URI.create("http://127.0.0.1:9764/metrics");
    private static final Path EVENTS = Path.of("/var/log/bpfguard/events.json");
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public String name() {
        return NAME;
    }

    private static String policy() {
        return Catalogue.policy(NAME, """
                files:
                  - {name: no-file, action: deny, errno: EACCES, operations: [read], paths: ["/shared/%s"]}
                """.formatted(FILE));
    }

    @Override
    public void control(Stage stage) {
        if (stage.readShared(stage.free(), FILE) != 0) {
            stage.report.voided("the file can be read without us", "");
        }
    }

    @Override
    public void run(Stage stage) throws Exception {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(NAME, policy()));
        var pod = stage.pod(NAME);
        var container = stage.idle(pod, "main");
        var name = "e2e/" + pod.spec().name() + "/main";
        double before = metric(stage, "bpfguard_decisions_total{action=\"deny\"}");
        int mark = stage.agent.events().mark();
        denials(stage, container);
        stage.agent.events().settled(mark, event -> event.kind().equals("deny"), DENIALS, stage.agent.patience());

        status(stage, container, name);
        policies(stage, name);
        routes(stage, container);
        events(stage, pod.spec().name());
        metrics(stage, before);
        reload(stage);
        withoutTheAgent(stage, container);
        stage.policies.change(() -> stage.policies.remove(NAME));
    }

    private static void denials(Stage stage, Container container) {
        for (int i = 0; i < DENIALS; i++) {
            int exit = stage.readShared(container, FILE);
            if (exit != EACCES) {
                stage.report.check(false, "the read is denied", "exit " + exit);
            }
        }
    }

    private static JsonNode json(Stage stage, String... command) throws JsonProcessingException {
        var all = new String[command.length + 1];
        System.arraycopy(command, 0, all, 0, command.length);
        all[command.length] = "--json";
        return JSON.readTree(stage.agent.command(all).output());
    }

    private static JsonNode find(JsonNode list, String field, String value) {
        return StreamSupport.stream(list.spliterator(), false).filter(each -> each.path(field).asText().equals(value)).findFirst().orElse(JSON.createObjectNode());
    }

    private static void status(Stage stage, Container container, String name) throws IOException {
        var status = json(stage, "status");
        var found = find(status.path("containers"), "name", name);
        stage.report.check(found.path("policies").toString().contains("\"" + NAME + "\"") && found.path("denied").asInt() == DENIALS && found.path("phase").asText().equals("armed")
                && found.path("cgroup").asText().contains(container.id()), "status names the container, its policy, its " + DENIALS + " denials and its cgroup", found.toString());
        var agent = status.path("agent");
        stage.report.check(agent.path("link").asText().equals("synchronized") && agent.path("runtime").asText().startsWith("containerd ")
                && agent.path("generation").asInt() == status.path("generation").asInt() && agent.path("problems").isEmpty(), "and the agent, linked to containerd", agent.toString());
    }

    private static void policies(Stage stage, String name) throws IOException {
        var found = find(json(stage, "policies").path("policies"), "name", NAME);
        stage.report.check(found.path("containers").toString().equals("[\"" + name + "\"]") && found.path("selector").asText().contains("app In [" + NAME + "]")
                && found.path("rules").toString().contains("files[0] (no-file)") && found.path("rules").toString().contains("lsm/file_open"),
                "policies has the policy with its selector, rule, mechanism and container", found.toString());
    }

    private static void routes(Stage stage, Container container) throws IOException {
        var routes = json(stage, "routes").path("routes");
        var mine = StreamSupport.stream(routes.spliterator(), false).filter(route -> route.path("containers").toString().contains(container.id())).toList();
        var open = mine.size() == 1 ? find(mine.get(0).path("chains"), "hook", "lsm-file_open") : JSON.createObjectNode();
        var step = open.path("steps").path(0);
        stage.report.check(step.path("program").asText().equals("path") && step.path("size").asLong() >= 65536 && step.path("prevents").asBoolean(),
                "routes has the container's route, with the matcher of paths at file_open", mine.toString());
        stage.report.check(!routes.toString().contains(stage.free().id()), "and none for a container that no policy selects", "");
    }

    private static void events(Stage stage, String pod) throws IOException {
        var found = stage.agent.command("events", "--json", "--event", "deny", "--pod", pod, "--policy", NAME).output().lines().toList();
        var first = found.isEmpty() ? JSON.createObjectNode() : JSON.readTree(found.get(0));
        stage.report.check(found.size() == DENIALS && first.path("object").asText().equals("/shared/" + FILE) && first.path("version").asInt() == 1,
                "events has the " + DENIALS + " denials of the pod", found.size() + ": " + first);
        stage.report.check(Shell.must("stat", "-c", "%a %U", EVENTS.toString()).strip().equals("600 root"), "only root reads their file", Shell.must("stat", "-c", "%a %U", EVENTS.toString()));
    }

    private static double metric(Stage stage, String name) throws IOException, InterruptedException {
        try (var client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(30)).build()) {
            return client.send(HttpRequest.newBuilder(METRICS).build(), BodyHandlers.ofString()).body().lines().filter(line -> line.startsWith(name + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1))).findFirst().orElse(Double.NaN);
        }
    }

    private static void metrics(Stage stage, double before) throws IOException, InterruptedException {
        double now = metric(stage, "bpfguard_decisions_total{action=\"deny\"}");
        stage.report.check(now - before == DENIALS, "the metric of denials rose by " + DENIALS, before + " to " + now);
        double byRule = metric(stage, "bpfguard_rule_decisions_total{action=\"deny\",policy=\"" + NAME + "\",rule=\"files[0] (no-file)\"}");
        stage.report.check(byRule == DENIALS, "so did that of the rule", String.valueOf(byRule));
        for (var expected : Map.of("bpfguard_runtime_linked", 1.0, "bpfguard_policies_rejected", 0.0, "bpfguard_decision_errors_total", 0.0).entrySet()) {
            double value = metric(stage, expected.getKey());
            stage.report.check(value == expected.getValue(), expected.getKey() + " is " + expected.getValue(), String.valueOf(value));
        }
        double handled = metric(stage, "bpfguard_handler_duration_seconds_count{event=\"create_container\"}");
        stage.report.check(handled >= 1, "handlers are timed", String.valueOf(handled));
        var listening = Shell.must("ss", "-Hltn", "sport = :9764");
        stage.report.check(listening.contains("127.0.0.1") && listening.lines().count() == 1, "they are served on loopback only", listening);
    }

    private static void reload(Stage stage) throws IOException, InterruptedException {
        stage.policies.react(() -> stage.policies.write(OTHER, "kind: Nonsense\n"), "policies-rejected");
        var bad = stage.agent.command("reload");
        stage.report.check(bad.status() == 1 && bad.output().contains(OTHER + ".yaml:1:") && bad.output().contains("in force"),
                "reload says what is wrong and where, and that others are in force", bad.output());
        double rejected = metric(stage, "bpfguard_policies_rejected");
        stage.report.check(rejected == 1, "and the metric", String.valueOf(rejected));
        stage.policies.change(() -> stage.policies.remove(OTHER));
        stage.report.check(metric(stage, "bpfguard_policies_rejected") == 0, "all is well when the file is gone", "");
    }

    /** Killed: what enforces goes on, and can be looked at. */
    private static void withoutTheAgent(Stage stage, Container container) throws IOException, InterruptedException {
        stage.agent.kill();
        denials(stage, container);
        var status = json(stage, "status");
        var found = StreamSupport.stream(status.path("containers").spliterator(), false).filter(each -> each.path("cgroup").asText().contains(container.id())).findFirst()
                .orElse(JSON.createObjectNode());
        stage.report.check(status.path("agent").isNull() && !status.path("noAgent").asText().isEmpty() && found.path("denied").asInt() == 2 * DENIALS,
                "without the agent status counts on, and says that there is none", found + " " + status.path("noAgent"));
        var none = stage.agent.command("reload");
        stage.report.check(none.status() == 1 && none.output().contains("no agent"), "reload says that there is no agent", none.output());
        stage.agent.start();
        var lines = Files.readAllLines(EVENTS);
        stage.report.check(lines.stream().allMatch(Commands::isEvent), "the next agent goes on in the same file, and each line is whole", lines.size() + " lines");
    }

    private static boolean isEvent(String line) {
        try {
            return JSON.readTree(line).has("event");
        } catch (JsonProcessingException torn) {
            return false;
        }
    }
}
