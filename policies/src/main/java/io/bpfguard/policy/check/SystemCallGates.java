package io.bpfguard.policy.check;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The table behind {@code systemCalls}: which LSM hooks a system call passes before each effect it can have. A call has a
 * row only if a denial in those hooks prevents every effective use; it was traced and denied on the supported kernels
 * with full privileges, and the end-to-end tests prove it row by row.
 *
 * <p>What io_uring does on behalf of a call carries the number of {@code io_uring_enter} and is not that call.
 */
final class SystemCallGates {
    private static final String URING = " The same operation through io_uring carries the number of io_uring_enter and is not matched.";
    private static final String SOCKETCALL32 = " 32-bit programs reach it through socketcall too, which is matched at the same hook.";
    /** One 32-bit number for all calls on sockets. */
    private static final String MULTIPLEXER = "socketcall";
    private static final Map<String, GatedCall> ROWS = rows();

    private SystemCallGates() {}

    static Optional<GatedCall> of(String name) {
        return Optional.ofNullable(ROWS.get(name));
    }

    static List<String> names() {
        return List.copyOf(ROWS.keySet());
    }

    private static Map<String, GatedCall> rows() {
        Table t = new Table();
        files(t);
        mounts(t);
        processes(t);
        sockets(t);
        system(t);
        return Collections.unmodifiableMap(t.rows);
    }

    private static void files(Table t) {
        String open = "Opens with O_PATH pass no hook and stay possible; they give no access to content." + URING;
        t.add("creat", URING, Gate.of("path_mknod"), Gate.of("file_open"));
        for (String name : List.of("open", "openat", "openat2")) {
            t.partial(name, open, Gate.of("path_mknod"), Gate.of("file_open"));
        }
        t.add("open_by_handle_at", "", Gate.of("capable"), Gate.of("file_open"));
        t.add("truncate", List.of("truncate64"), "", Gate.of("path_truncate"));
        t.add("ftruncate", List.of("ftruncate64"), URING, Gate.of("file_truncate", "path_truncate"));
        for (String name : List.of("rename", "renameat", "renameat2")) {
            t.add(name, URING, Gate.of("path_rename"));
        }
        t.add("unlink", URING, Gate.of("path_unlink"));
        t.add("unlinkat", URING, Gate.of("path_unlink"), Gate.of("path_rmdir"));
        t.add("rmdir", URING, Gate.of("path_rmdir"));
        for (String name : List.of("link", "linkat")) {
            t.add(name, URING, Gate.of("path_link"));
        }
        for (String name : List.of("symlink", "symlinkat")) {
            t.add(name, URING, Gate.of("path_symlink"));
        }
        for (String name : List.of("mkdir", "mkdirat")) {
            t.add(name, URING, Gate.of("path_mkdir"));
        }
        for (String name : List.of("mknod", "mknodat")) {
            t.add(name, "", Gate.of("path_mknod"));
        }
        for (String name : List.of("chmod", "fchmod", "fchmodat", "fchmodat2")) {
            t.add(name, "", Gate.of("path_chmod"));
        }
        t.add("fchownat", "", Gate.of("path_chown"));
        for (String name : List.of("chown", "lchown", "fchown")) {
            t.add(name, List.of(name + "32"), "", Gate.of("path_chown"));
        }
        for (String name : List.of("setxattr", "lsetxattr", "fsetxattr", "setxattrat")) {
            t.add(name, URING, Gate.of("inode_setxattr"), Gate.ifPresent("inode_set_acl"));
        }
        t.partial("splice", "Moves from one pipe to another pass no hook and stay possible; they touch no file." + URING,
                Gate.of("file_permission"));
        t.add("sendfile", List.of("sendfile64"), "", Gate.of("file_permission"));
        for (String name : List.of("read", "write", "copy_file_range", "fallocate")) {
            t.add(name, URING, Gate.of("file_permission"));
        }
        t.add("ioctl", "", Gate.of("file_ioctl"), Gate.ifPresent("file_ioctl_compat"));
    }

    private static void mounts(Table t) {
        t.add("mount", "fsopen, fsconfig, fsmount and move_mount mount as well, and mount_setattr changes mounts; the family mounts covers more.",
                Gate.of("sb_mount"));
        t.add("umount2", List.of("umount"), "", Gate.of("sb_umount"));
        t.add("move_mount", "", Gate.of("move_mount"));
        t.add("pivot_root", "", Gate.of("sb_pivotroot"));
        t.add("chroot", "", Gate.of("path_chroot"));
        t.partial("fsconfig", "Setting parameters of a file system that is not made yet stays possible; making and reconfiguring one is denied.",
                Gate.of("capable"), Gate.of("sb_kern_mount"));
        for (String name : List.of("fsopen", "fsmount", "fspick", "mount_setattr")) {
            t.add(name, "", Gate.of("capable"));
        }
    }

    private static void processes(Table t) {
        for (String name : List.of("execve", "execveat")) {
            t.add(name, "The container's own program starts by an execve too: where execve is denied, the container does not start. Use processes to choose programs.",
                    Gate.of("bprm_check_security"));
        }
        for (String name : List.of("fork", "vfork", "clone", "clone3")) {
            t.add(name, "", Gate.of("task_alloc"));
        }
        t.partial("unshare", "The flags CLONE_FS, CLONE_FILES and CLONE_SYSVSEM alone pass no LSM hook and stay possible; they give no privilege.",
                Gate.of("userns_create"), Gate.of("capable"));
        t.add("setns", "", Gate.of("ptrace_access_check"), Gate.of("capable"));
        t.partial("ptrace", "Requests on a process that is traced already pass no hook.",
                Gate.of("ptrace_access_check"), Gate.of("ptrace_traceme"));
        for (String name : List.of("process_vm_readv", "process_vm_writev")) {
            t.partial(name, "A process's access to its own memory passes no hook.", Gate.of("ptrace_access_check"));
        }
        t.add("pidfd_getfd", "", Gate.of("ptrace_access_check"), Gate.of("file_receive"));
        for (String name : List.of("setuid", "setreuid", "setresuid", "setfsuid")) {
            t.add(name, List.of(name + "32"), "", Gate.of("task_fix_setuid"));
        }
        t.add("capset", "", Gate.of("capset"));
        t.add("kill", "tkill, tgkill, rt_sigqueueinfo and pidfd_send_signal send signals as well; lsmHooks task_kill covers all of them.",
                Gate.of("task_kill"));
        t.add("setpriority", "", Gate.of("task_setnice"));
        t.add("mmap", List.of("mmap2"), "", Gate.of("mmap_file"));
        t.add("mprotect", "pkey_mprotect does the same.", Gate.of("file_mprotect"));
    }

    private static void sockets(Table t) {
        List<String> multiplexed = List.of(MULTIPLEXER);
        t.add("socket", multiplexed, SOCKETCALL32 + " There socketpair is matched with it." + URING,
                Gate.of("socket_create"));
        t.add("connect", multiplexed, "sendto and sendmsg connect too, with MSG_FASTOPEN." + SOCKETCALL32 + URING,
                Gate.of("socket_connect"));
        t.add("bind", multiplexed, SOCKETCALL32 + URING, Gate.of("socket_bind"));
        t.add("listen", multiplexed, SOCKETCALL32 + URING, Gate.of("socket_listen"));
        t.add("setsockopt", multiplexed, SOCKETCALL32 + URING, Gate.of("socket_setsockopt"));
        for (String name : List.of("sendto", "sendmsg", "sendmmsg")) {
            t.add(name, multiplexed, SOCKETCALL32 + " There the other calls that send are matched with it." + URING,
                    Gate.of("socket_sendmsg"));
        }
    }

    private static void system(Table t) {
        t.add("bpf", "", Gate.of("bpf"));
        t.add("perf_event_open", "", Gate.of("perf_event_open"));
        t.add("userfaultfd", "The device /dev/userfaultfd gives the same by ioctl.",
                Gate.of("inode_init_security_anon"));
        t.add("io_uring_setup", "", Gate.of("inode_init_security_anon"), Gate.ifPresent("uring_allowed"));
        t.add("init_module", "", Gate.of("kernel_load_data"));
        t.add("finit_module", "", Gate.of("kernel_read_file"));
        t.add("kexec_load", "", Gate.of("kernel_load_data"));
        t.add("kexec_file_load", "", Gate.of("capable"), Gate.of("kernel_read_file"));
        t.add("syslog", "", Gate.of("syslog"));
        for (String name : List.of("delete_module", "reboot", "sethostname", "setdomainname", "swapon", "acct")) {
            t.add(name, "", Gate.of("capable"));
        }
    }

    /** The rows while they are written down. */
    private static final class Table {
        private final Map<String, GatedCall> rows = new LinkedHashMap<>();

        /** A call whose every use with an effect passes a gate. */
        void add(String name, String note, Gate... gates) {
            add(name, List.of(), note, gates);
        }

        void add(String name, List<String> only32, String note, Gate... gates) {
            add(name, only32, true, note, gates);
        }

        /** A call of which the note tells uses that pass no gate, and why that may be acceptable. */
        void partial(String name, String note, Gate... gates) {
            add(name, List.of(), false, note, gates);
        }

        private void add(String name, List<String> only32, boolean complete, String note, Gate... gates) {
            List<String> known = new ArrayList<>(only32);
            known.removeIf(other -> SystemCalls.named(other).isEmpty());
            if (known.size() != only32.size() || SystemCalls.named(name).isEmpty()) {
                throw new IllegalStateException("no system call " + name + " or one of " + only32);
            }
            GatedCall row = new GatedCall(name, only32, List.of(gates), complete, note.strip());
            put(name, row);
            only32.stream().filter(other -> !MULTIPLEXER.equals(other)).forEach(other -> put(other, row));
        }

        private void put(String name, GatedCall row) {
            if (rows.put(name, row) != null) {
                throw new IllegalStateException("two rows for " + name);
            }
        }
    }
}
