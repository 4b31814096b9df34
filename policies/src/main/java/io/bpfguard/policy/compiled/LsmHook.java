package io.bpfguard.policy.compiled;

import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * An LSM hook that returns an int, by its name in {@code include/linux/lsm_hook_defs.h}.
 *
 * @param kernelName the name without the {@code bpf_lsm_} prefix
 */
public record LsmHook(String kernelName) implements HookPoint {
    /** A program is about to be run; once more for the interpreter of a script. */
    public static final LsmHook BPRM_CHECK_SECURITY = new LsmHook("bprm_check_security");
    /** A file was found and is about to be opened. */
    public static final LsmHook FILE_OPEN = new LsmHook("file_open");
    /** A name is about to appear in a directory: open(2) with O_CREAT, mknod(2), bind(2) of a Unix socket. */
    public static final LsmHook PATH_MKNOD = new LsmHook("path_mknod");
    /** mount(2), before anything is done. */
    public static final LsmHook SB_MOUNT = new LsmHook("sb_mount");
    /** A new superblock is about to be mounted: mount(2), and fsconfig(2) with FSCONFIG_CMD_CREATE. */
    public static final LsmHook SB_KERN_MOUNT = new LsmHook("sb_kern_mount");
    /** move_mount(2). */
    public static final LsmHook MOVE_MOUNT = new LsmHook("move_mount");
    /** A capability is asked for. */
    public static final LsmHook CAPABLE = new LsmHook("capable");

    /** umount(2). */
    public static final LsmHook SB_UMOUNT = new LsmHook("sb_umount");
    /** pivot_root(2). */
    public static final LsmHook SB_PIVOTROOT = new LsmHook("sb_pivotroot");

    /** What the hooks with a program file of their own can match beside those that every hook can. */
    private static final Map<String, Set<Matcher>> OWN = Map.ofEntries(
            Map.entry("bprm_check_security", Set.of(Matcher.PATH)),
            Map.entry("file_open", Set.of(Matcher.PATH, Matcher.PROCESS_FILE)),
            Map.entry("path_mknod", Set.of(Matcher.PATH)),
            Map.entry("sb_mount", Set.of(Matcher.MOUNT)),
            Map.entry("sb_kern_mount", Set.of(Matcher.MOUNT)),
            Map.entry("sb_umount", Set.of(Matcher.MOUNT)),
            Map.entry("sb_pivotroot", Set.of(Matcher.MOUNT)),
            Map.entry("move_mount", Set.of(Matcher.MOUNT)),
            Map.entry("capable", Set.of(Matcher.CAPABILITY, Matcher.MOUNT)),
            Map.entry("task_kill", Set.of(Matcher.SIGNAL)),
            Map.entry("file_fcntl", Set.of(Matcher.SIGNAL)),
            Map.entry("file_ioctl", Set.of(Matcher.SIGNAL)),
            Map.entry("file_ioctl_compat", Set.of(Matcher.SIGNAL)));

    public LsmHook {
        Objects.requireNonNull(kernelName, "kernelName is null");
    }

    /** The matchers that can be a step of this hook's chain. */
    public Set<Matcher> matchers() {
        EnumSet<Matcher> matchers = EnumSet.of(Matcher.SYSTEM_CALL, Matcher.ALWAYS, Matcher.ARGUMENTS);
        matchers.addAll(OWN.getOrDefault(kernelName, Set.of()));
        return matchers;
    }
}
