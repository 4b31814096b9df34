package io.bpfguard.nri;

/// The state of a container, in the runtime's eyes.
public enum ContainerState {
    /// Not told, or a state that this version does not know.
    UNKNOWN,
    /// Created; the workload has not begun. On containerd there may be neither process nor cgroup yet.
    CREATED,
    /// Frozen.
    PAUSED,
    /// The workload runs.
    RUNNING,
    /// The workload has ended.
    STOPPED
}
