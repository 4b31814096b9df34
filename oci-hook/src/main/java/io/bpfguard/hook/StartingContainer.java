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
     * Reads what a runtime gives to its hook, and what it points to. A pod's sandbox is refused: containerd gives it no base
     * specification and CRI-O no hooks, so one that is said to be a sandbox is a container whose pod, image or user says so.
     *
     * @param state the state, on the hook's standard input
     * @throws HookException if the container cannot be told, or where it is
     */
    public static StartingContainer read(InputStream state, Cgroups cgroups) throws HookException {
        RuntimeState read = RuntimeState.read(state);
        HookedContainer container = HookedContainer.of(read, BundleConfig.read(read.bundle()));
        if (container.sandbox()) {
            throw new HookException("the annotations of container " + read.id() + " say that it is the sandbox of a pod, for which runtimes run no hooks;"
                    + " remove what the pod, the image or the command line adds to io.kubernetes.*");
        }
        return new StartingContainer(container, InitCgroup.find(cgroups, read.requirePid(), container.cgroupsPath()));
    }

    /** What others need to know of it. */
    public StoredContainer stored() {
        return new StoredContainer(container.facts(), cgroup.name(), cgroup.id());
    }
}
