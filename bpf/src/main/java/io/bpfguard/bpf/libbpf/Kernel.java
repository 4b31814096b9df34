package io.bpfguard.bpf.libbpf;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * System calls, all through one native call shape: {@code syscall(2)} with six longs. Linking a further shape costs a fresh JVM 6–8 ms, which the OCI hook would
 * pay at every container start. Pointers are passed as addresses; the caller keeps their arena open across the call.
 *
 * <p>Results follow the kernel's convention: non-negative, or the negated error number.
 */
final class Kernel {
    static final Abi ABI = Abi.current();

    /** The C library's {@code syscall} is assembly that shifts registers: calling it without the variadic marker is the same on both ABIs. */
    private static final MethodHandle SYSCALL;
    private static final long ERRNO_OFFSET;

    static {
        Linker linker = Linker.nativeLinker();
        ERRNO_OFFSET = Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));
        ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
        SYSCALL = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("syscall"),
                FunctionDescriptor.of(word, word, word, word, word, word, word, word),
                Linker.Option.captureCallState("errno"));
    }

    /** Where the C library's errno is saved before the JVM can overwrite it: one per thread, so that no call has to allocate it. */
    private static final ThreadLocal<MemorySegment> CALL_STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));

    /** {@code enum bpf_cmd} of include/uapi/linux/bpf.h. */
    static final int BPF_MAP_CREATE = 0;
    static final int BPF_MAP_LOOKUP_ELEM = 1;
    static final int BPF_MAP_UPDATE_ELEM = 2;
    static final int BPF_MAP_DELETE_ELEM = 3;
    static final int BPF_MAP_GET_NEXT_KEY = 4;
    static final int BPF_PROG_LOAD = 5;
    static final int BPF_OBJ_PIN = 6;
    static final int BPF_OBJ_GET = 7;
    static final int BPF_PROG_TEST_RUN = 10;
    static final int BPF_PROG_GET_FD_BY_ID = 13;
    static final int BPF_MAP_GET_FD_BY_ID = 14;
    static final int BPF_OBJ_GET_INFO_BY_FD = 15;
    static final int BPF_RAW_TRACEPOINT_OPEN = 17;
    static final int BPF_MAP_LOOKUP_AND_DELETE_ELEM = 21;
    static final int BPF_MAP_FREEZE = 22;
    static final int BPF_MAP_UPDATE_BATCH = 26;
    static final int BPF_ITER_CREATE = 33;

    /**
     * Size of the {@code union bpf_attr} passed with every command. Larger than any field used here; the kernel accepts a longer attribute than it knows
     * as long as the rest is zero (bpf_check_uarg_tail_zero).
     */
    static final int ATTR_SIZE = 128;

    static final int O_CLOEXEC = 0x80000;
    static final int O_PATH = 0x200000;
    private static final int AT_FDCWD = -100;

    private Kernel() {}

    static MemorySegment callState() {
        return CALL_STATE.get();
    }

    /** The errno that the last call with {@link #callState()} on this thread left. */
    static int errno() {
        return CALL_STATE.get().get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
    }

    /** Never returns normally: a downcall itself throws only when this package passes the wrong types. */
    static AssertionError impossible(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return new AssertionError("a native call threw", thrown);
    }

    private static long syscall(long number, long a, long b, long c, long d, long e, long f) {
        MemorySegment state = CALL_STATE.get();
        long result;
        try {
            result = (long) SYSCALL.invokeExact(state, number, a, b, c, d, e, f);
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
        return result == -1 ? -state.get(ValueLayout.JAVA_INT, ERRNO_OFFSET) : result;
    }

    static int bpf(int command, MemorySegment attr) {
        return (int) syscall(ABI.bpf, command, attr.address(), attr.byteSize(), 0, 0, 0);
    }

    static MemorySegment attr(Arena arena) {
        return arena.allocate(ATTR_SIZE, 8);
    }

    static int close(int fd) {
        return (int) syscall(ABI.close, fd, 0, 0, 0, 0, 0);
    }

    static int read(int fd, MemorySegment buffer) {
        return (int) syscall(ABI.read, fd, buffer.address(), buffer.byteSize(), 0, 0, 0);
    }

    static int write(int fd, MemorySegment buffer) {
        return (int) syscall(ABI.write, fd, buffer.address(), buffer.byteSize(), 0, 0, 0);
    }

    static int fcntl(int fd, int command, long argument) {
        return (int) syscall(ABI.fcntl, fd, command, argument, 0, 0, 0);
    }

    static int pidfd_open(int pid) {
        return (int) syscall(Abi.pidfd_open, pid, 0, 0, 0, 0, 0);
    }

    static int pidfd_send_signal(int pidfd, int signal) {
        return (int) syscall(Abi.pidfd_send_signal, pidfd, signal, 0, 0, 0, 0);
    }

    static int eventfd(int initial, int flags) {
        return (int) syscall(ABI.eventfd2, initial, flags, 0, 0, 0, 0);
    }

    static int ppoll(MemorySegment pollfds, long count, MemorySegment timespec) {
        return (int) syscall(ABI.ppoll, pollfds.address(), count, timespec.address(), 0, 0, 0);
    }

    /** An address, or the negated error number (no mapping lies in the last page of the address space). */
    static long mmap(long length, int protection, int flags, int fd, long offset) {
        return syscall(ABI.mmap, 0, length, protection, flags, fd, offset);
    }

    static int munmap(long address, long length) {
        return (int) syscall(ABI.munmap, address, length, 0, 0, 0, 0);
    }

    static int statfs(MemorySegment path, MemorySegment out) {
        return (int) syscall(ABI.statfs, path.address(), out.address(), 0, 0, 0, 0);
    }

    static int mount(MemorySegment source, MemorySegment target, MemorySegment type, long flags, MemorySegment data) {
        return (int) syscall(ABI.mount, source.address(), target.address(), type.address(), flags, data.address(), 0);
    }

    static int umount(MemorySegment target, int flags) {
        return (int) syscall(ABI.umount2, target.address(), flags, 0, 0, 0, 0);
    }

    /** A directory, to lock it or to look from it; the caller closes it. */
    static int openDirectory(Path directory) {
        try (Arena arena = Arena.ofConfined()) {
            int result = openat(AT_FDCWD, path(arena, directory), O_CLOEXEC | ABI.openDirectory());
            if (result < 0) {
                throw BpfException.of("opening the directory " + directory, -result, "");
            }
            return result;
        }
    }

    static int openat(int directory, MemorySegment path, int flags) {
        return (int) syscall(ABI.openat, directory, path.address(), flags, 0, 0, 0);
    }

    static int open_by_handle_at(int mount, MemorySegment handle, int flags) {
        return (int) syscall(ABI.open_by_handle_at, mount, handle.address(), flags, 0, 0, 0);
    }

    static int flock(int fd, int operation) {
        return (int) syscall(ABI.flock, fd, operation, 0, 0, 0, 0);
    }

    static MemorySegment path(Arena arena, Path path) {
        return arena.allocateFrom(path.toString(), StandardCharsets.UTF_8);
    }

    /** The system call numbers that differ between the two architectures (asm/unistd_64.h and asm-generic/unistd.h), and O_DIRECTORY. */
    record Abi(int bpf, int close, int read, int write, int eventfd2, int ppoll, int mmap, int munmap, int statfs, int mount, int umount2, int fcntl,
            int openat, int open_by_handle_at, int flock, int openDirectory) {
        static final int pidfd_open = 434;
        static final int pidfd_send_signal = 424;

        static Abi current() {
            String architecture = System.getProperty("os.arch");
            return switch (architecture) {
                case "amd64" -> new Abi(321, 3, 0, 1, 290, 271, 9, 11, 137, 165, 166, 72, 257, 304, 73, 0x10000);
                case "aarch64" -> new Abi(280, 57, 63, 64, 19, 73, 222, 215, 43, 40, 39, 25, 56, 265, 32, 0x4000);
                default -> throw new BpfUnavailable("starting BPFGuard on " + architecture, 0, "only x86-64 and arm64 are supported");
            };
        }
    }
}
