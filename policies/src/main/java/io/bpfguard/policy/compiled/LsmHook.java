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
    /** A file is about to be mapped, or memory without one: mmap(2), execve(2), shmat(2). */
    public static final LsmHook MMAP_FILE = new LsmHook("mmap_file");
    /** A mapping is about to get another protection: mprotect(2). */
    public static final LsmHook FILE_MPROTECT = new LsmHook("file_mprotect");
    /** mount(2), before anything is done. */
    public static final LsmHook SB_MOUNT = new LsmHook("sb_mount");
    /** A new superblock is about to be mounted: mount(2), and fsconfig(2) with FSCONFIG_CMD_CREATE. */
    public static final LsmHook SB_KERN_MOUNT = new LsmHook("sb_kern_mount");
    /** move_mount(2). */
    public static final LsmHook MOVE_MOUNT = new LsmHook("move_mount");
    /** umount(2). */
    public static final LsmHook SB_UMOUNT = new LsmHook("sb_umount");
    /** pivot_root(2). */
    public static final LsmHook SB_PIVOTROOT = new LsmHook("sb_pivotroot");
    /** A capability is asked for. */
    public static final LsmHook CAPABLE = new LsmHook("capable");
    /** socket(2) and socketpair(2). */
    public static final LsmHook SOCKET_CREATE = new LsmHook("socket_create");
    /** connect(2). */
    public static final LsmHook SOCKET_CONNECT = new LsmHook("socket_connect");
    /** Everything that sends. */
    public static final LsmHook SOCKET_SENDMSG = new LsmHook("socket_sendmsg");
    /** bind(2). */
    public static final LsmHook SOCKET_BIND = new LsmHook("socket_bind");
    /** listen(2). */
    public static final LsmHook SOCKET_LISTEN = new LsmHook("socket_listen");
    /** accept(2). */
    public static final LsmHook SOCKET_ACCEPT = new LsmHook("socket_accept");
    /** connect(2) of a Unix stream socket, when the other was found. */
    public static final LsmHook UNIX_STREAM_CONNECT = new LsmHook("unix_stream_connect");
    /** connect(2) of a Unix datagram socket and a send by one, when the other was found. */
    public static final LsmHook UNIX_MAY_SEND = new LsmHook("unix_may_send");

    private static final Set<Matcher> PATHS = Set.of(Matcher.PATH);
    private static final Set<Matcher> NAMES = Set.of(Matcher.PATH, Matcher.ALIAS);
    private static final Set<Matcher> SIGNALS = Set.of(Matcher.SIGNAL);
    private static final Set<Matcher> MOUNTS = Set.of(Matcher.MOUNT, Matcher.PATH, Matcher.ALIAS);

    /** What the hooks with a program file of their own can match beside those that every hook can. */
    private static final Map<String, Set<Matcher>> OWN = Map.ofEntries(
            Map.entry("bprm_check_security", PATHS),
            Map.entry("file_fcntl", Set.of(Matcher.PATH, Matcher.SIGNAL)),
            Map.entry("file_ioctl", SIGNALS),
            Map.entry("file_ioctl_compat", SIGNALS),
            Map.entry("file_mprotect", PATHS),
            Map.entry("file_open", Set.of(Matcher.PATH, Matcher.PROCESS_FILE)),
            Map.entry("file_permission", PATHS),
            Map.entry("file_truncate", PATHS),
            Map.entry("inode_remove_acl", PATHS),
            Map.entry("inode_removexattr", PATHS),
            Map.entry("inode_set_acl", PATHS),
            Map.entry("inode_setxattr", PATHS),
            Map.entry("mmap_file", PATHS),
            Map.entry("path_chmod", PATHS),
            Map.entry("path_chown", PATHS),
            Map.entry("path_link", NAMES),
            Map.entry("path_mkdir", PATHS),
            Map.entry("path_mknod", Set.of(Matcher.PATH, Matcher.ADDRESS)),
            Map.entry("path_rename", NAMES),
            Map.entry("path_rmdir", PATHS),
            Map.entry("path_symlink", PATHS),
            Map.entry("path_truncate", PATHS),
            Map.entry("path_unlink", PATHS),
            Map.entry("sb_mount", MOUNTS),
            Map.entry("sb_kern_mount", Set.of(Matcher.MOUNT)),
            Map.entry("move_mount", MOUNTS),
            Map.entry("sb_pivotroot", MOUNTS),
            Map.entry("sb_umount", MOUNTS),
            Map.entry("capable", Set.of(Matcher.CAPABILITY, Matcher.MOUNT)),
            Map.entry("socket_create", Set.of(Matcher.ADDRESS)),
            Map.entry("socket_connect", Set.of(Matcher.ADDRESS)),
            Map.entry("socket_sendmsg", Set.of(Matcher.ADDRESS)),
            Map.entry("socket_bind", Set.of(Matcher.ADDRESS)),
            Map.entry("socket_listen", Set.of(Matcher.ADDRESS)),
            Map.entry("socket_accept", Set.of(Matcher.ADDRESS)),
            Map.entry("task_kill", SIGNALS),
            Map.entry("unix_stream_connect", Set.of(Matcher.ADDRESS)),
            Map.entry("unix_may_send", Set.of(Matcher.ADDRESS)));

    public LsmHook {
        Objects.requireNonNull(kernelName, "kernelName is null");
    }

    /** The matchers that can be a step of this hook's chain. */
    public Set<Matcher> matchers() {
        EnumSet<Matcher> matchers = EnumSet.of(Matcher.SYSTEM_CALL, Matcher.ALWAYS, Matcher.ARGUMENTS, Matcher.PROGRAM);
        matchers.addAll(OWN.getOrDefault(kernelName, Set.of()));
        return matchers;
    }
}
