package io.bpfguard.policy.model;

import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/** Names of capabilities; their place in the list is their number ({@code include/uapi/linux/capability.h}). */
public final class Capability {
    /** All names, without {@code CAP_}. */
    public static final List<String> NAMES = List.of(
            "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
            "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
            "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
            "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
            "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
            "CHECKPOINT_RESTORE");

    /** How many numbers the kernel has room for (a capability set has 64 bits). */
    public static final int NUMBERS = 64;

    private Capability() {}

    /** The number of a name in any case, with or without {@code CAP_}. */
    public static OptionalInt number(String name) {
        int number = NAMES.indexOf(bare(name));
        return number < 0 ? OptionalInt.empty() : OptionalInt.of(number);
    }

    /** The name as the list has it, whether or not it is in the list. */
    public static String bare(String name) {
        String upper = name.toUpperCase(Locale.ROOT);
        return upper.startsWith("CAP_") ? upper.substring(4) : upper;
    }
}
