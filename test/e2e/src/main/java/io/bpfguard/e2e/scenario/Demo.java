package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.cri.ExecResult;
import io.bpfguard.e2e.cri.Pod;
import io.bpfguard.e2e.node.Event;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The main job, shown to a person: each attempt with the denied call, its errno, its effect on the host and the event. */
public final class Demo implements Scenario {
    private static final int EPERM = 1;
    private static final Map<Integer, String> ERRNO = Map.of(0, "-", EPERM, "EPERM");
    private static final Effect SECRET = new Effect.FileChanged("secret");
    private static final Effect LEDGER = new Effect.FileChanged("ledger");
    private static final Effect AGENT = new Effect.ReleaseAgentSet("/m");
    private static final List<String> CVE = List.of("/probes/cve-2022-0492", "/m");

    private static final String RULES = """
            files:
              - name: keep-secret
                action: deny
                paths: [/shared/secret%s]
                operations: [read, write]
            """;
    private static final String MOUNT_RULE = """
            mounts:
              - name: no-cgroup-mount
                action: deny
                types: [cgroup]
            """;
    private static final String WRITE_RULE = """
            files:
              - name: no-release-agent
                action: deny
                paths: ["/**/release_agent"]
                operations: [write]
            """;

    /** One line of the final table. */
    private record Row(String who, String call, String errno, String effect, String event, boolean asExpected) {}

    private final List<Row> rows = new ArrayList<>();

    @Override
    public String name() {
        return "demo";
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        say(stage, "First without BPFGuard: what the attempts below do when nothing stops them.");
        var pod = stage.pod("shop");
        start(stage, pod, "no guard on this node", 0);
        session(stage, stage.idle(pod, "cve"), "no guard, CVE-2022-0492", CVE, "write release_agent", AGENT, 0);
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        say(stage, "The agent starts and links to " + stage.kubelet.version() + ".");
        stage.guarded();
        policy(stage, "shop", RULES.formatted(""));

        say(stage, "A pod labelled app=shop, which the policy selects. Its first system call opens the secret.");
        var shop = stage.pod("shop");
        start(stage, shop, "labelled pod", EPERM);
        say(stage, "The same image and command in a pod labelled app=free.");
        start(stage, stage.pod("free"), "unlabelled pod", 0);

        say(stage, "kubectl exec into the labelled pod.");
        var container = stage.idle(shop, "main");
        session(stage, container, "session by exec", List.of("/probes/file", "append", "/shared/secret"), "openat secret", SECRET, EPERM);

        say(stage, "The policy is edited while the pod runs: now it names a second file.");
        var ledger = List.of("/probes/file", "append", "/shared/ledger");
        session(stage, container, "before the edit", ledger, "openat ledger", LEDGER, 0);
        policy(stage, "shop", RULES.formatted(", /shared/ledger"));
        session(stage, container, "after the edit", ledger, "openat ledger", LEDGER, EPERM);

        say(stage, "CVE-2022-0492: a container with CAP_SYS_ADMIN mounts a cgroup v1 hierarchy, writes release_agent and has a program run as root on the node.");
        policy(stage, "shop", MOUNT_RULE);
        session(stage, container, "CVE-2022-0492, step 1", CVE, "mount cgroup", AGENT, EPERM);
        say(stage, "Were the hierarchy mounted already, the next step is closed too.");
        policy(stage, "shop", WRITE_RULE);
        session(stage, container, "CVE-2022-0492, step 2", CVE, "openat release_agent", AGENT, EPERM);
        session(stage, stage.free(), "CVE-2022-0492, other pod", CVE, "write release_agent", AGENT, 0);
        AGENT.reset(stage, stage.free());
        table(stage.report.out());
    }

    private void policy(Stage stage, String app, String rules) throws InterruptedException {
        String yaml = Catalogue.policy(app, rules);
        stage.policies.change(() -> stage.policies.write(app, yaml));
        stage.report.out().println(yaml.indent(4).stripTrailing());
    }

    private void start(Stage stage, Pod pod, String who, int expected) throws InterruptedException {
        int mark = stage.agent.events().mark();
        SECRET.reset(stage, null);
        var container = stage.kubelet.run(pod, stage.spec("first", "/probes/first-open", "/shared/secret"));
        var status = stage.kubelet.awaitExit(container, stage.agent.patience());
        row(stage, mark, container, who, "openat secret", new ExecResult(status.exitCode(), "", "", ""),
                SECRET.present(stage, container), expected);
    }

    private void session(Stage stage, Container container, String who, List<String> command, String call, Effect effect, int expected)
            throws InterruptedException {
        int mark = stage.agent.events().mark();
        effect.reset(stage, container);
        var result = stage.kubelet.exec(container, command);
        row(stage, mark, container, who, call, result, effect.present(stage, container), expected);
    }

    private void row(Stage stage, int mark, Container container, String who, String call, ExecResult result, boolean effect,
            int expected) throws InterruptedException {
        var events = stage.agent.events().settled(
                mark, event -> event.isDecision() && event.containerId().equals(container.id()), expected == 0 ? 0 : 1,
                stage.agent.patience());
        boolean asExpected = expected == 0
                ? result.exitCode() == 0 && effect && events.isEmpty()
                : result.exitCode() == expected && !effect && events.size() == 1;
        var row = new Row(who, call + (expected == 0 ? "" : " denied"), ERRNO.getOrDefault(result.exitCode(), result.toString()),
                effect ? "present" : "absent", events.isEmpty() ? "none" : words(events), asExpected);
        rows.add(row);
        stage.report.tally(asExpected);
        var out = stage.report.out();
        out.printf("  %s: %s, errno %s, effect on the host %s%n", who, call, row.errno, row.effect);
        events.forEach(event -> out.println("  event: " + event));
    }

    private static String words(List<Event> events) {
        var first = events.getFirst();
        return (events.size() == 1 ? "" : events.size() + "x ") + first.policy() + ": " + first.rule();
    }

    private static void say(Stage stage, String text) {
        stage.report.out().println("\n" + text);
    }

    private void table(PrintStream out) {
        String format = "%-26s %-28s %-6s %-8s %-36s %s%n";
        out.println();
        out.printf(format, "WHO", "CALL", "ERRNO", "EFFECT", "EVENT", "AS EXPECTED");
        for (var row : rows) {
            out.printf(format, row.who, row.call, row.errno, row.effect, row.event, row.asExpected ? "yes" : "NO");
        }
    }
}
