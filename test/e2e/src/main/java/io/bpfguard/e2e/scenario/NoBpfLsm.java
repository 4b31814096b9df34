package io.bpfguard.e2e.scenario;

import java.util.List;

/** For a kernel that was booted without {@code bpf} in its list of security modules. */
public final class NoBpfLsm implements Scenario {
    @Override
    public String name() {
        return "no-bpf-lsm";
    }

    @Override
    public void run(Stage stage) {
        BadNode.refused(stage, "bpf is not in the kernel's lsm= list", ":", List.of("bpf", "lsm="));
        stage.report.check(!stage.agent.command("doctor").ok(), "bpfguard doctor says that this node cannot be guarded", "");
    }
}
