package io.bpfguard.policy.model;

/** What a container is in its pod. */
public enum ContainerKind {
    /** One of the pod's ordinary containers. */
    WORKLOAD,
    /** One that runs before them; also a side-car that is written down among those. */
    INIT,
    /** One that was added to the running pod, as {@code kubectl debug} does. */
    EPHEMERAL
}
