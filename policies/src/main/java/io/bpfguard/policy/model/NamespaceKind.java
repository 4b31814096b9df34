package io.bpfguard.policy.model;

/** The kinds of namespaces, with their bits for clone(2), unshare(2) and setns(2) ({@code include/uapi/linux/sched.h}). */
public enum NamespaceKind {
    /** Users, groups and capabilities. */
    USER(0x10000000),
    /** Mounts. */
    MOUNT(0x00020000),
    /** Process ids, of children. */
    PID(0x20000000),
    /** Network. */
    NET(0x40000000),
    /** System V IPC and POSIX message queues. */
    IPC(0x08000000),
    /** Host and domain name. */
    UTS(0x04000000),
    /** The root of the cgroup tree. */
    CGROUP(0x02000000),
    /** Clocks, of children. */
    TIME(0x00000080);

    private final int bit;

    NamespaceKind(int bit) {
        this.bit = bit;
    }

    /** {@code CLONE_NEW…}. */
    public int bit() {
        return bit;
    }
}
