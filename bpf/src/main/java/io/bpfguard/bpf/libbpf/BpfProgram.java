package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.function.Function;

/**
 * A program loaded in the kernel. One got from a {@link BpfObject} belongs to the object, ends with it, and ignores {@link #close()}; only such a program can be
 * attached. One opened by pin or id is closed by its caller.
 */
public final class BpfProgram implements AutoCloseable {
    /** Layout of {@code struct bpf_prog_info} (include/uapi/linux/bpf.h), up to the last field used. */
    static final int INFO_TYPE = 0;
    static final int INFO_ID = 4;
    static final int INFO_TAG = 8;
    static final int INFO_NAME = 64;
    static final int INFO_RUN_TIME_NS = 192;
    static final int INFO_RUN_CNT = 200;
    static final int INFO_RECURSION_MISSES = 208;
    static final int INFO_VERIFIED_INSNS = 216;
    static final int INFO_SIZE = 224;

    /** Layout of {@code union bpf_attr} for BPF_PROG_TEST_RUN. */
    static final int RUN_PROG_FD = 0;
    static final int RUN_RETVAL = 4;
    static final int RUN_CTX_SIZE_IN = 40;
    static final int RUN_CTX_IN = 48;

    /**
     * What the kernel says about a program.
     *
     * @param id                   unique while the program lives
     * @param type                 the number of {@code enum bpf_prog_type}
     * @param name                 at most 15 characters
     * @param tag                  hash of the instructions, in hexadecimal
     * @param verifiedInstructions how many the verifier walked through
     * @param runs                 how often it ran, and {@code runNanos} for how long; counted only while {@code kernel.bpf_stats_enabled} is 1
     * @param recursionMisses      how often it was skipped because it was running already on that CPU
     */
    public record Info(int id, int type, String name, String tag, int verifiedInstructions, long runs, long runNanos, long recursionMisses) {}

    /**
     * The outcome of {@link #run}.
     *
     * @param result  the program's return value
     * @param context the context as the program left it
     */
    public record Run(int result, byte[] context) {}

    private final Fd fd;
    private final String name;
    /** Of libbpf, and owned by the object; NULL for a program that was opened by pin or id. */
    private final MemorySegment program;
    private final LibbpfCalls calls;

    private BpfProgram(Fd fd, String name, MemorySegment program, LibbpfCalls calls) {
        this.fd = fd;
        this.name = name;
        this.program = program;
        this.calls = calls;
    }

    /** A program of an object, which owns both the pointer and the descriptor. */
    static BpfProgram borrowing(int fd, String name, MemorySegment program, LibbpfCalls calls) {
        return new BpfProgram(new Fd(fd), name, program, calls);
    }

    private static BpfProgram owning(int number) {
        Fd fd = new Fd(number);
        try {
            return new BpfProgram(fd, readInfo(number).name, MemorySegment.NULL, null);
        } catch (RuntimeException | Error failure) {
            fd.close();
            throw failure;
        }
    }

    /**
     * Opens a pinned program.
     *
     * @throws NotFound     if nothing is pinned there
     * @throws BpfException if it is a map or a link
     */
    public static BpfProgram openPinned(Path path) {
        return owning(BpfFs.open(path, BpfFs.Kind.PROGRAM));
    }

    /**
     * Opens a program by its id, for instance one that a look-up in a program array returned.
     *
     * @throws NotFound if no such program lives
     */
    public static BpfProgram openId(int id) {
        return owning(BpfFs.openId(Kernel.BPF_PROG_GET_FD_BY_ID, "program", id));
    }

    /** The name of the C function; cut to 15 characters for a program opened by pin or id. */
    public String name() {
        return name;
    }

    /** The descriptor's number; it stays this object's. */
    public int fd() {
        return fd.number();
    }

    /** What the kernel says about the program now. */
    public Info info() {
        return readInfo(fd.number());
    }

    private static Info readInfo(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = BpfFs.info(arena, fd, INFO_SIZE, "program");
            return new Info(
                    info.get(JAVA_INT, INFO_ID), info.get(JAVA_INT, INFO_TYPE),
                    info.asSlice(INFO_NAME, BpfMap.NAME_LENGTH).getString(0, StandardCharsets.US_ASCII),
                    HexFormat.of().formatHex(info.asSlice(INFO_TAG, 8).toArray(JAVA_BYTE)), info.get(JAVA_INT, INFO_VERIFIED_INSNS),
                    info.get(JAVA_LONG, INFO_RUN_CNT), info.get(JAVA_LONG, INFO_RUN_TIME_NS), info.get(JAVA_LONG, INFO_RECURSION_MISSES));
        }
    }

    /**
     * Attaches the program where its section name says (libbpf's {@code bpf_program__attach}).
     *
     * @throws BpfException if the kernel has no such attach point, or refuses
     */
    public BpfLink attach() {
        return link("attaching", calls -> calls.bpf_program__attach(program));
    }

    /** Attaches an LSM program to its hook, whatever its section says about automatic attachment. */
    public BpfLink attachLsm() {
        return link("attaching (lsm)", calls -> calls.bpf_program__attach_lsm(program));
    }

    /** Attaches a raw tracepoint program to a tracepoint such as {@code sys_enter}. */
    public BpfLink attachRawTracepoint(String tracepoint) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocateFrom(tracepoint);
            return link("attaching to raw tracepoint " + tracepoint + " of", calls -> calls.bpf_program__attach_raw_tracepoint(program, target));
        }
    }

    /**
     * Attaches a kprobe program to a kernel function.
     *
     * @param onReturn run at the function's return instead of its entry
     */
    public BpfLink attachKprobe(String function, boolean onReturn) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocateFrom(function);
            return link("attaching to " + function + (onReturn ? " (return)" : "") + " of",
                    calls -> calls.bpf_program__attach_kprobe(program, onReturn, target));
        }
    }

    private BpfLink link(String verb, Function<LibbpfCalls, MemorySegment> attach) {
        fd.number();
        if (calls == null) {
            throw new IllegalStateException("program " + name + " was opened by pin or id: only a program of a loaded object can be attached");
        }
        StringBuilder words = new StringBuilder();
        MemorySegment link = Libbpf.collecting(words, () -> attach.apply(calls));
        if (link.address() == 0) {
            int errno = Kernel.errno();
            String advice = switch (errno) {
                case Errno.EBUSY -> "another program holds this attach point";
                case Errno.ENOENT, Errno.ESRCH -> "this kernel has no such attach point";
                case Errno.EOPNOTSUPP, Errno.ENOTSUPP, Errno.EINVAL -> "this kernel cannot attach programs of this type here";
                default -> "";
            };
            throw BpfException.of(verb + " program " + name, errno, (advice + "\n" + words).strip());
        }
        return new BpfLink(calls, link, name);
    }

    /**
     * Runs the program once on a context, without attaching it ({@code BPF_PROG_TEST_RUN}). For types that the kernel can run so: {@code syscall} and
     * {@code raw_tp}, whose context is an array of u64.
     *
     * @param context at most what the type takes
     * @throws BpfException if the kernel cannot run this type of program
     */
    public Run run(byte[] context) {
        try (Arena arena = Arena.ofConfined()) {
            // The kernel writes the context back in place for some types (bpf_prog_test_run_syscall) and not at all for others (raw_tp).
            MemorySegment memory = arena.allocate(Math.max(context.length, 1), 8);
            MemorySegment.copy(context, 0, memory, JAVA_BYTE, 0, context.length);
            MemorySegment attr = Kernel.attr(arena);
            attr.set(JAVA_INT, RUN_PROG_FD, fd.number());
            if (context.length > 0) {
                attr.set(JAVA_INT, RUN_CTX_SIZE_IN, context.length);
                attr.set(JAVA_LONG, RUN_CTX_IN, memory.address());
            }
            int result = Kernel.bpf(Kernel.BPF_PROG_TEST_RUN, attr);
            if (result < 0) {
                throw BpfException.of("running program " + name, -result, "");
            }
            return new Run(attr.get(JAVA_INT, RUN_RETVAL), memory.asSlice(0, context.length).toArray(JAVA_BYTE));
        }
    }

    /**
     * Pins the program to a path in a bpffs, where it outlives this process.
     *
     * @throws AlreadyExists if the path is taken
     */
    public void pin(Path path) {
        BpfFs.pin(fd.number(), path, "program " + name);
    }

    @Override
    public void close() {
        if (program.address() == 0) {
            fd.close();
        }
    }

    /** As {@link BpfMap#forget()}. */
    void forget() {
        fd.release();
    }

    @Override
    public String toString() {
        return "program " + name;
    }
}
