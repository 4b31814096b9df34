package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** The few system calls that Java has no method for. */
public final class Syscalls {
    /** {@code CGROUP2_SUPER_MAGIC} of include/uapi/linux/magic.h. */
    public static final long CGROUP2_SUPER_MAGIC = 0x63677270L;

    /** {@code struct statfs} is 120 bytes on 64-bit machines and begins with f_type. */
    static final int STATFS_SIZE = 120;

    private static final int SIGCONT = 18;

    /** From include/linux/exportfs.h. */
    private static final int FILEID_KERNFS = 0xfe;

    private Syscalls() {}

    /**
     * A descriptor for a process, which goes on meaning that process when its pid is reused. The number is the key of a task storage map.
     *
     * @param pid of a thread-group leader, in this process's pid name space
     * @throws BpfException with ESRCH if there is no such process
     */
    public static Fd pidfdOpen(int pid) {
        int result = Kernel.pidfd_open(pid);
        if (result < 0) {
            throw BpfException.of("opening a pidfd of process " + pid, -result, "");
        }
        return new Fd(result);
    }

    /** Sends a process SIGCONT; one that has ended meanwhile needs none. */
    public static void goOn(int pid) {
        int pidfd = Kernel.pidfd_open(pid);
        int result = pidfd;
        if (pidfd >= 0) {
            try (Fd process = new Fd(pidfd)) {
                result = Kernel.pidfd_send_signal(process.number(), SIGCONT);
            }
        }
        if (result < 0 && result != -Errno.ESRCH) {
            throw BpfException.of("continuing process " + pid, -result, "");
        }
    }

    /**
     * Whether a cgroup exists, by its id: a kernfs id is also a file handle (fs/kernfs/mount.c, kernfs_fh_to_dentry). One that was removed
     * may still be found by it, while memory is charged to it, but its files are not.
     *
     * @param root where cgroup v2 is mounted
     * @throws BpfException if that cannot be told
     */
    public static boolean cgroupExists(Path root, long id) {
        try (Arena arena = Arena.ofConfined(); Fd mount = new Fd(Kernel.openDirectory(root))) {
            MemorySegment handle = arena.allocate(16, 8);
            handle.set(JAVA_INT, 0, Long.BYTES);
            handle.set(JAVA_INT, 4, FILEID_KERNFS);
            handle.set(JAVA_LONG, 8, id);
            int result = Kernel.open_by_handle_at(mount.number(), handle, Kernel.O_CLOEXEC | Kernel.O_PATH);
            if (result == -Errno.ESTALE || result == -Errno.ENOENT) {
                return false;
            }
            if (result < 0) {
                throw BpfException.of("looking for the cgroup " + Long.toUnsignedString(id) + " below " + root, -result, "");
            }
            try (Fd cgroup = new Fd(result)) {
                int file = Kernel.openat(cgroup.number(), arena.allocateFrom("cgroup.procs"), Kernel.O_CLOEXEC | Kernel.O_PATH);
                if (file >= 0) {
                    Kernel.close(file);
                }
                return file >= 0;
            }
        }
    }

    /**
     * The magic number of the file system that a path is on ({@code f_type} of statfs(2)).
     *
     * @throws NotFound if the path does not exist
     */
    public static long fileSystemMagic(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(STATFS_SIZE, 8);
            int result = Kernel.statfs(Kernel.path(arena, path), out);
            if (result < 0) {
                throw BpfException.of("statfs of " + path, -result, "");
            }
            return out.get(JAVA_LONG, 0);
        }
    }
}
