package io.bpfguard.policy.compiled;

import java.util.EnumSet;
import java.util.Set;

/**
 * The LSM hooks that have a router. {@link #number()} is the kernel side's ({@code enum hook} in
 * {@code bpf/src/main/c/chain.h}).
 */
public enum LsmHook implements HookPoint {
    /** A program is about to be run; once more for the interpreter of a script. */
    BPRM_CHECK_SECURITY(1, "bprm_check_security", Matcher.PATH),
    /** A file was found and is about to be opened. */
    FILE_OPEN(2, "file_open", Matcher.PATH),
    /** mount(2), before anything is done. */
    SB_MOUNT(3, "sb_mount", Matcher.FILE_SYSTEM_TYPE, Matcher.SYSTEM_CALL),
    /** A new superblock is about to be mounted: mount(2), and fsconfig(2) with FSCONFIG_CMD_CREATE. */
    SB_KERN_MOUNT(4, "sb_kern_mount", Matcher.FILE_SYSTEM_TYPE, Matcher.SYSTEM_CALL),
    /** move_mount(2). */
    MOVE_MOUNT(5, "move_mount", Matcher.FILE_SYSTEM_TYPE, Matcher.SYSTEM_CALL),
    /** A capability is asked for. */
    CAPABLE(6, "capable", Matcher.CAPABILITY, Matcher.SYSTEM_CALL),
    /** A user namespace is about to be made. */
    USERNS_CREATE(7, "userns_create", Matcher.SYSTEM_CALL),
    /** Data is about to be read from or written to an open file. */
    FILE_PERMISSION(8, "file_permission", Matcher.SYSTEM_CALL);

    private final int number;
    private final String kernelName;
    private final Set<Matcher> matchers;

    LsmHook(int number, String kernelName, Matcher first, Matcher... more) {
        this.number = number;
        this.kernelName = kernelName;
        this.matchers = EnumSet.of(first, more);
    }

    /** The index of this hook in a kernel route. */
    public int number() {
        return number;
    }

    @Override
    public String kernelName() {
        return kernelName;
    }

    /** The matchers that can be a step of this hook's chain. */
    public Set<Matcher> matchers() {
        return Set.copyOf(matchers);
    }
}
