package io.bpfguard.e2e.scenario;

import java.util.List;

/** For a node that was booted with the cgroup hierarchies of version 1. */
public final class CgroupV1 implements Scenario {
    @Override
    public String name() {
        return "cgroup-v1";
    }

    @Override
    public void run(Stage stage) {
        BadNode.refused(stage, "cgroups are those of version 1", ":",
                List.of("/sys/fs/cgroup", "v2", "systemd.unified_cgroup_hierarchy=1"));
        stage.report.check(!stage.agent.command("doctor").ok(), "bpfguard doctor says that this node cannot be guarded", "");
    }
}
