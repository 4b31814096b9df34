package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.node.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A system call's own function is denied: by kernels with error injection, and by 7.2 and later. Where a kernel preempts itself, and so
 * skips programs at functions now and then, the rule is refused.
 */
public final class SystemCallFunctions implements Scenario {
    private final TrialScenario denied = Catalogue.deniedFunction("system-call-functions", "__x64_sys_mkdir");

    @Override
    public String name() {
        return denied.name();
    }

    @Override
    public void control(Stage stage) throws InterruptedException {
        denied.control(stage);
    }

    @Override
    public void run(Stage stage) throws Exception {
        if (!preempts()) {
            denied.run(stage);
            return;
        }
        stage.guarded();
        var event = stage.policies.react(() -> stage.policies.write(name(), denied.policy()), "policies-rejected");
        String problems = event.map(found -> found.json().path("problems").toString()).orElse("no event policies-rejected");
        stage.report.check(problems.contains(name() + ".yaml:") && problems.contains("it preempts itself"),
                "a kernel that skips programs at functions refuses deny there", problems);
        stage.policies.change(() -> stage.policies.remove(name()));
    }

    /** The mode of preemption stands in brackets: {@code none voluntary full (lazy)}. A kernel without this file tells how it was built. */
    static boolean preempts() throws IOException {
        Path modes = Path.of("/sys/kernel/debug/sched/preempt");
        if (!Files.exists(modes)) {
            return !Shell.run("sh", "-c", "zcat /proc/config.gz | grep -qE '^CONFIG_PREEMPT_(NONE|VOLUNTARY)=y'").ok();
        }
        String text = Files.readString(modes);
        return text.contains("(full)") || text.contains("(lazy)");
    }
}
