package io.bpfguard.hook;

import io.bpfguard.cgroup.Cgroups;
import io.bpfguard.state.StoredContainer;
import java.io.InputStream;

/**
 * What a createRuntime hook has to do with a container.
 *
 * @param container what its runtime says of it
 * @param cgroup where its first process is
 */
public record StartingContainer(HookedContainer container, InitCgroup cgroup) {
    /**
     * Reads what a runtime gives to its hook, and what it points to.
     *
     * @param state the state, on the hook's standard input
     * @throws HookException if the container cannot be told, or where it is
     */
    public static StartingContainer read(InputStream state, Cgroups cgroups) throws HookException {
        RuntimeState read = RuntimeState.read(state);
        HookedContainer container = HookedContainer.of(read, BundleConfig.read(read.bundle()));
        return new StartingContainer(container, InitCgroup.find(cgroups, read.requirePid(), container.cgroupsPath()));
    }

    /** What others need to know of it. */
    public StoredContainer stored() {
        return new StoredContainer(container.facts(), cgroup.name(), cgroup.id());
    }
}
