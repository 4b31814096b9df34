package io.bpfguard.nri;

/// The events of NRI, with the protocol's numbers. VALIDATE_CONTAINER_ADJUSTMENT is left out on purpose: who subscribes to it
/// becomes a validator, whose absence or timeout fails every container creation.
public enum EventKind {
    /// A pod's sandbox was created; an error fails the pod (and can leave a stale record in containerd: reject at
    /// [#CREATE_CONTAINER] instead).
    RUN_POD_SANDBOX(1),
    /// A pod is being stopped, its containers are.
    STOP_POD_SANDBOX(2),
    /// A pod is being removed.
    REMOVE_POD_SANDBOX(3),
    /// A container is being created: no process, no cgroup yet. An error fails it, on every runtime.
    CREATE_CONTAINER(4),
    /// A container was created; on CRI-O with process and cgroup, on containerd without.
    POST_CREATE_CONTAINER(5),
    /// Cgroup and init process exist, the workload has not begun. An error fails the start on containerd only.
    START_CONTAINER(6),
    /// The workload runs.
    POST_START_CONTAINER(7),
    /// A container's resources are about to change.
    UPDATE_CONTAINER(8),
    /// A container's resources have changed.
    POST_UPDATE_CONTAINER(9),
    /// A container is being stopped or has exited by itself.
    STOP_CONTAINER(10),
    /// A container is being removed.
    REMOVE_CONTAINER(11),
    /// A pod's resources are about to change; NRI 0.10 and later.
    UPDATE_POD_SANDBOX(12),
    /// A pod's resources have changed; NRI 0.10 and later.
    POST_UPDATE_POD_SANDBOX(13);

    private final int number;

    EventKind(int number) {
        this.number = number;
    }

    /// The protocol's number of the event.
    public int number() {
        return number;
    }

    /// The bit of the event in a subscription.
    public int bit() {
        return 1 << (number - 1);
    }
}
