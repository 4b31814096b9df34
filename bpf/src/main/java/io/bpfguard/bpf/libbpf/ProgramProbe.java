package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Finds out what the running kernel accepts at a hook or function, by loading a program of two instructions that returns 0,
 * without libbpf: a millisecond each. Thread-safe, as long as the BTF is open.
 */
public final class ProgramProbe {
    /** Layout of {@code union bpf_attr} for BPF_PROG_LOAD (include/uapi/linux/bpf.h). */
    static final int LOAD_PROG_TYPE = 0;
    static final int LOAD_INSN_CNT = 4;
    static final int LOAD_INSNS = 8;
    static final int LOAD_LICENSE = 16;
    static final int LOAD_LOG_LEVEL = 24;
    static final int LOAD_LOG_SIZE = 28;
    static final int LOAD_LOG_BUF = 32;
    static final int LOAD_EXPECTED_ATTACH_TYPE = 68;
    static final int LOAD_ATTACH_BTF_ID = 108;

    /** Layout of {@code union bpf_attr} for BPF_RAW_TRACEPOINT_OPEN, by which tracing programs are attached as well. */
    static final int OPEN_PROG_FD = 8;

    /** {@code r0 = 0; exit}. */
    private static final long[] PROGRAM = {0xb7, 0x95};
    private static final int LOG_SIZE = 64 << 10;
    private static final String LSM_PREFIX = "bpf_lsm_";

    /** A kind of program. */
    public enum Kind {
        /** At an LSM hook. */
        LSM(29, 27),
        /** At the entry of a function. */
        FENTRY(26, 24),
        /** At the entry of a function, in whose place it can return. */
        FMOD_RET(26, 26);

        private final int programType;
        private final int attachType;

        Kind(int programType, int attachType) {
            this.programType = programType;
            this.attachType = attachType;
        }
    }

    private final KernelBtf btf;

    /** The BTF stays the caller's. */
    public ProgramProbe(KernelBtf btf) {
        this.btf = btf;
    }

    /**
     * Why no such program can be loaded, in the kernel's words; empty if one can.
     *
     * @param name the hook, without {@code bpf_lsm_}, or the function; of the kernel proper
     * @throws PermissionDenied if this process may not load programs at all
     */
    public Optional<String> refusal(Kind kind, String name) {
        return probe(kind, name, false);
    }

    /** As {@link #refusal}; and attaches it for a moment, which finds functions that cannot be patched. */
    public Optional<String> refusalToAttach(Kind kind, String name) {
        return probe(kind, name, true);
    }

    private Optional<String> probe(Kind kind, String name, boolean attach) {
        int id = btf.functionId(kind == Kind.LSM ? LSM_PREFIX + name : name);
        if (id == 0) {
            return Optional.of("it is not in the kernel's BTF");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment log = arena.allocate(LOG_SIZE);
            MemorySegment attr = Kernel.attr(arena);
            attr.set(JAVA_INT, LOAD_PROG_TYPE, kind.programType);
            attr.set(JAVA_INT, LOAD_INSN_CNT, PROGRAM.length);
            attr.set(JAVA_LONG, LOAD_INSNS, arena.allocateFrom(JAVA_LONG, PROGRAM).address());
            attr.set(JAVA_LONG, LOAD_LICENSE, arena.allocateFrom("Dual BSD/GPL").address());
            attr.set(JAVA_INT, LOAD_LOG_LEVEL, 1);
            attr.set(JAVA_INT, LOAD_LOG_SIZE, LOG_SIZE);
            attr.set(JAVA_LONG, LOAD_LOG_BUF, log.address());
            attr.set(JAVA_INT, LOAD_EXPECTED_ATTACH_TYPE, kind.attachType);
            attr.set(JAVA_INT, LOAD_ATTACH_BTF_ID, id);
            int loaded = Kernel.bpf(Kernel.BPF_PROG_LOAD, attr);
            if (loaded < 0) {
                if (loaded == -Errno.EPERM) {
                    throw BpfException.of("loading a program that does nothing at " + name, -loaded, "this must run as root, outside of any container");
                }
                return Optional.of(reason(log, -loaded));
            }
            try (Fd program = new Fd(loaded)) {
                return attach ? attach(arena, program) : Optional.empty();
            }
        }
    }

    private static Optional<String> attach(Arena arena, Fd program) {
        MemorySegment attr = Kernel.attr(arena);
        attr.set(JAVA_INT, OPEN_PROG_FD, program.number());
        int link = Kernel.bpf(Kernel.BPF_RAW_TRACEPOINT_OPEN, attr);
        if (link < 0) {
            return Optional.of("it cannot be attached to (" + Errno.describe(-link) + "), as functions that the kernel's own tracing needs");
        }
        new Fd(link).close();
        return Optional.empty();
    }

    /** The last thing that the verifier said before its statistics. */
    private static String reason(MemorySegment log, int errno) {
        byte[] bytes = log.toArray(JAVA_BYTE);
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        List<String> lines = new String(bytes, 0, length, StandardCharsets.UTF_8).lines().map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("processed ")).toList();
        return lines.isEmpty() ? Errno.describe(errno) : lines.getLast();
    }
}
