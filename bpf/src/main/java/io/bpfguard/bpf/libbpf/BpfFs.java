package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The BPF file system: what is pinned where. Directories, listing, renaming (atomic) and unlinking of pins are the business of {@code java.nio.file}.
 */
public final class BpfFs {
    /** {@code BPF_FS_MAGIC} of include/uapi/linux/magic.h. */
    public static final long BPF_FS_MAGIC = 0xcafe4a11L;

    /** Layout of {@code union bpf_attr} for the object commands, and for the commands by id. */
    static final int OBJ_PATHNAME = 0;
    static final int OBJ_BPF_FD = 8;
    static final int INFO_BPF_FD = 0;
    static final int INFO_LEN = 4;
    static final int INFO_POINTER = 8;
    static final int BY_ID_ID = 0;

    /** What a pin holds. */
    public enum Kind {
        MAP("bpf-map"), PROGRAM("bpf-prog"), LINK("bpf-link");

        private final String inode;

        Kind(String inode) {
            this.inode = inode;
        }
    }

    private BpfFs() {}

    /** Whether a path lies in a bpffs; false also if it does not exist. */
    public static boolean contains(Path path) {
        return Files.exists(path) && Syscalls.fileSystemMagic(path) == BPF_FS_MAGIC;
    }

    /**
     * Mounts a new bpffs on a directory.
     *
     * @throws BpfException if the kernel refuses
     */
    public static void mount(Path directory) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment type = arena.allocateFrom("bpf");
            int result = Kernel.mount(type, Kernel.path(arena, directory), type, 0, arena.allocateFrom("mode=0700"));
            if (result < 0) {
                throw BpfException.of("mounting a bpffs on " + directory, -result, "");
            }
        }
    }

    /** Unmounts what is mounted on a directory; in use or not, it disappears from the name space (MNT_DETACH). */
    public static void unmount(Path directory) {
        int mntDetach = 2;
        try (Arena arena = Arena.ofConfined()) {
            int result = Kernel.umount(Kernel.path(arena, directory), mntDetach);
            if (result < 0) {
                throw BpfException.of("unmounting " + directory, -result, "");
            }
        }
    }

    /**
     * What is pinned at a path.
     *
     * @throws NotFound if nothing is
     */
    public static Kind kind(Path path) {
        try (Fd fd = new Fd(get(path))) {
            return kind(fd.number());
        }
    }

    /** Opens a pin of the expected kind. The caller owns the descriptor. */
    static int open(Path path, Kind expected) {
        int fd = get(path);
        Kind found = kind(fd);
        if (found != expected) {
            Kernel.close(fd);
            throw new BpfException("opening " + path, Errno.EINVAL, "it is a pinned " + found + ", not a " + expected);
        }
        return fd;
    }

    private static int get(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = Kernel.attr(arena);
            attr.set(JAVA_LONG, OBJ_PATHNAME, Kernel.path(arena, path).address());
            int result = Kernel.bpf(Kernel.BPF_OBJ_GET, attr);
            if (result < 0) {
                throw BpfException.of("opening the pin " + path, -result, contains(path) || !Files.exists(path) ? "" : "the path is not in a bpffs");
            }
            return result;
        }
    }

    /** The kernel names the anonymous inode after the kind of object; there is no other way to ask. */
    private static Kind kind(int fd) {
        String target;
        try {
            target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
        } catch (IOException e) {
            throw new UncheckedIOException("reading /proc/self/fd (is procfs mounted?)", e);
        }
        for (Kind kind : Kind.values()) {
            // A link's inode is "bpf-link" or "bpf_link", by how its descriptor came about (kernel/bpf/syscall.c).
            if (target.replace('_', '-').contains(kind.inode)) {
                return kind;
            }
        }
        throw new BpfException("opening a pin", Errno.EINVAL, "unknown kind of object " + target);
    }

    static void pin(int fd, Path path, String what) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = Kernel.attr(arena);
            attr.set(JAVA_LONG, OBJ_PATHNAME, Kernel.path(arena, path).address());
            attr.set(JAVA_INT, OBJ_BPF_FD, fd);
            int result = Kernel.bpf(Kernel.BPF_OBJ_PIN, attr);
            if (result < 0) {
                throw BpfException.of("pinning " + what + " to " + path, -result, pinAdvice(path, -result));
            }
        }
    }

    static String pinAdvice(Path path, int errno) {
        Path parent = path.toAbsolutePath().getParent();
        return switch (errno) {
            case Errno.EEXIST -> "something is pinned there already";
            case Errno.ENOENT -> "the directory " + parent + " does not exist";
            case Errno.EPERM, Errno.EINVAL -> contains(parent)
                    ? "names in a bpffs have no dots"
                    : parent + " is not in a bpffs: mount -t bpf bpf /sys/fs/bpf";
            default -> "";
        };
    }

    /** Opens a map or program by id. The caller owns the descriptor. */
    static int openId(int command, String what, int id) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attr = Kernel.attr(arena);
            attr.set(JAVA_INT, BY_ID_ID, id);
            int result = Kernel.bpf(command, attr);
            if (result < 0) {
                throw BpfException.of("opening " + what + " " + Integer.toUnsignedString(id) + " by id", -result, "");
            }
            return result;
        }
    }

    /** The kernel's information structure for a descriptor; a kernel that knows fewer fields leaves the rest zero. */
    static MemorySegment info(Arena arena, int fd, int size, String what) {
        MemorySegment info = arena.allocate(size, 8);
        MemorySegment attr = Kernel.attr(arena);
        attr.set(JAVA_INT, INFO_BPF_FD, fd);
        attr.set(JAVA_INT, INFO_LEN, size);
        attr.set(JAVA_LONG, INFO_POINTER, info.address());
        int result = Kernel.bpf(Kernel.BPF_OBJ_GET_INFO_BY_FD, attr);
        if (result < 0) {
            throw BpfException.of("reading the information of a " + what, -result, "");
        }
        return info;
    }
}
