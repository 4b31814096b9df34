package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.node.Containerd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;

/** The runtime's own work inside a container's cgroup is never denied, under a policy that denies all that it does. */
public final class RuntimeWork implements Scenario {
    private static final String POLICY = Catalogue.policy("runtime-work", """
            mounts:
              - action: deny
                types: ["*"]
            processes:
              - name: no-reexec
                action: deny
                paths: [/proc/self/exe, "/proc/**", "/dev/fd/**", "/memfd:**", "/**/runc", /runc, "/**/crun", /bin/touch, /usr/bin/touch]
            systemCalls:
              - action: deny
                names: [setns, capset, unshare, mount]
            """);
    private static final int SESSIONS = 4;
    private static final int EPERM = 1;

    @Override
    public String name() {
        return "runtime-work";
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        reset(stage);
        stage.idle(stage.pod("control", Containerd.HOOKED_HANDLER), "main");
        if (!Files.exists(stage.containerd.hookFile())) {
            stage.report.voided("a createContainer hook runs without us", "");
        }
    }

    @Override
    public void run(Stage stage) throws InterruptedException {
        stage.guarded();
        stage.policies.change(() -> stage.policies.write(name(), POLICY));
        for (String handler : List.of("", "crun", Containerd.HOOKED_HANDLER)) {
            works(stage, handler);
        }
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    private void works(Stage stage, String handler) throws InterruptedException {
        String on = "on " + (handler.isEmpty() ? "runc" : handler);
        int mark = stage.agent.events().mark();
        reset(stage);
        var container = stage.idle(stage.pod(name(), handler), "main");
        int good = 0;
        for (int i = 0; i < SESSIONS; i++) {
            var command = List.of("/bin/echo", "fine");
            var result = i % 2 == 0 ? stage.kubelet.execSync(container, command) : stage.kubelet.exec(container, command);
            good += result.exitCode() == 0 ? 1 : 0;
        }
        stage.report.check(good == SESSIONS, "a container starts and has " + SESSIONS + " sessions " + on, good + " worked");
        var events = stage.agent.events().settled(
                mark, event -> event.isDecision() && event.containerId().equals(container.id()), 0, stage.agent.patience());
        stage.report.check(events.isEmpty(), "nothing of the runtime's work was denied " + on, events.toString());
        if (handler.equals(Containerd.HOOKED_HANDLER)) {
            stage.report.check(Files.exists(stage.containerd.hookFile()), "the createContainer hook ran", "");
        }
        var denied = stage.kubelet.execSync(container, List.of("/probes/mount", "new", "ramfs", "/m"));
        stage.report.check(denied.exitCode() == EPERM, "the workload's own mount is denied " + on, denied.toString());
    }

    private static void reset(Stage stage) {
        try {
            Files.deleteIfExists(stage.containerd.hookFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
