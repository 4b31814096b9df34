package io.bpfguard.bpf.routing;

/**
 * What the kernel side knows of a container.
 *
 * @param slot its number in the kernel's maps
 * @param name the name of its cgroup's directory
 * @param phase where it stands
 * @param cgroupId the kernfs id, 0 before the cgroup is made
 * @param runtimeMountNamespace inode number of the runtime's mount namespace
 * @param route the number of its route, 0 = nothing is enforced
 * @param generation of the policies that the route was made from
 * @param audited decisions reported without effect
 * @param denied decisions that prevented something
 * @param killed decisions that killed
 * @param errors internal errors, which denied
 * @param eventsLost decisions whose event did not fit into the ring
 * @param eventsThrottled decisions without an event, because the container had more than 500 in that second
 */
public record ContainerState(int slot, String name, Phase phase, long cgroupId, int runtimeMountNamespace, int route,
        int generation, long audited, long denied, long killed, long errors, long eventsLost, long eventsThrottled) {
    /** {@code enum container_state} in route.h; the ordinals are the same. */
    public enum Phase {
        /** The slot belongs to no container. */
        FREE,
        /** Announced; its cgroup is not made yet. */
        EXPECTED,
        /** The cgroup exists; what runs in it is the runtime. */
        MADE,
        /** The workload runs. */
        ARMED,
        /** The cgroup is gone; labelled tasks may live elsewhere. */
        GONE
    }
}
