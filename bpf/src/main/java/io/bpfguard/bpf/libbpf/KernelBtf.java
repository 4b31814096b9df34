package io.bpfguard.bpf.libbpf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What the running kernel says about its own functions and structures. Loaded modules are not part of it. A look-up walks all types (about a millisecond).
 *
 * <p>May be shared by threads until it is closed.
 */
public final class KernelBtf implements AutoCloseable {
    static final String REMEDY = "this kernel was built without CONFIG_DEBUG_INFO_BTF: /sys/kernel/btf/vmlinux is absent; boot a kernel that has it";

    /** The kernel prefixes the functions that stand for LSM hooks so (include/linux/bpf_lsm.h). */
    private static final String LSM_PREFIX = "bpf_lsm_";
    /** A raw tracepoint's arguments are those of a typedef named so (include/trace/bpf_probe.h). */
    private static final String TRACEPOINT_PREFIX = "btf_trace_";

    /** A function's parameter: its name, perhaps empty, and its type as C writes it, such as {@code struct file *}. */
    public record Parameter(String name, String type) {}

    /** A function's parameter with its type to be looked into. */
    public record TypedParameter(String name, BtfType type) {}

    /** A function's return type and parameters. */
    public record Prototype(String returns, List<Parameter> parameters) {
        public Prototype {
            parameters = List.copyOf(parameters);
        }
    }

    private final Btf btf;
    private final Runnable free;
    private boolean closed;

    private KernelBtf(Btf btf, Runnable free) {
        this.btf = btf;
        this.free = free;
    }

    /**
     * Loads the running kernel's BTF, as libbpf finds it: from {@code /sys/kernel/btf/vmlinux}, else from the kernel image's usual places on disk. It takes
     * the 5–7 MB outside the Java heap until {@link #close()}.
     *
     * @throws BpfUnavailable if the kernel has none
     */
    public static KernelBtf load(Libbpf libbpf) {
        LibbpfCalls calls = libbpf.calls();
        StringBuilder words = new StringBuilder();
        MemorySegment pointer = Libbpf.collecting(words, calls::btf__load_vmlinux_btf);
        if (pointer.address() == 0) {
            throw new BpfUnavailable("loading the kernel's BTF", Kernel.errno(), REMEDY);
        }
        try {
            return new KernelBtf(Btf.of(calls, pointer), () -> calls.btf__free(pointer));
        } catch (RuntimeException | Error failure) {
            calls.btf__free(pointer);
            throw failure;
        }
    }

    /**
     * Reads another kernel's BTF from a file as {@code /sys/kernel/btf/vmlinux} is one; without libbpf.
     *
     * @throws IllegalArgumentException if the file is not BTF
     * @throws UncheckedIOException     if it cannot be read
     */
    public static KernelBtf read(Path file) {
        try {
            return new KernelBtf(new Btf(MemorySegment.ofArray(Files.readAllBytes(file))), () -> {});
        } catch (IOException e) {
            throw new UncheckedIOException("reading BTF from " + file, e);
        }
    }

    /** Whether the kernel has a function of this name whose entry BTF describes. Says nothing about whether programs may attach to it. */
    public boolean hasFunction(String function) {
        return open().find(function, Btf.FUNC) != 0;
    }

    /** The number of a function's type, by which a program names what it is for; 0 if there is no such function. */
    int functionId(String function) {
        return open().find(function, Btf.FUNC);
    }

    /**
     * The functions that a module's BTF describes, which is written to go on from this one.
     *
     * @param module the content of {@code /sys/kernel/btf/MODULE}, or of the section {@code .BTF} of the module's file
     * @throws IllegalArgumentException if it is not BTF, or goes on from another kernel's
     */
    public Set<String> moduleFunctions(byte[] module) {
        try {
            return Btf.functions(new Btf(MemorySegment.ofArray(module)), open());
        } catch (IndexOutOfBoundsException odd) {
            throw new IllegalArgumentException("BTF that does not go on from this kernel's", odd);
        }
    }

    /** Whether BPF LSM programs exist for a hook such as {@code file_open}. */
    public boolean hasLsmHook(String hook) {
        return hasFunction(LSM_PREFIX + hook);
    }

    /** Whether the kernel has a tracepoint such as {@code sched_process_exec}. */
    public boolean hasTracepoint(String tracepoint) {
        return open().find(TRACEPOINT_PREFIX + tracepoint, Btf.TYPEDEF) != 0;
    }

    /** Whether the kernel has a struct of this name. */
    public boolean hasStruct(String struct) {
        return open().find(struct, Btf.STRUCT) != 0;
    }

    /** Whether a struct has a member, in an anonymous struct or union of it perhaps. False also if there is no such struct. */
    public boolean hasMember(String struct, String member) {
        return memberBits(struct, member) >= 0;
    }

    /** A member's offset in its struct, in bytes; for a bit field, of the byte it begins in. Empty if there is no such member. */
    public OptionalInt memberOffset(String struct, String member) {
        long bits = memberBits(struct, member);
        return bits < 0 ? OptionalInt.empty() : OptionalInt.of(Math.toIntExact(bits / Byte.SIZE));
    }

    private long memberBits(String struct, String member) {
        int type = open().find(struct, Btf.STRUCT);
        return type == 0 ? -1 : btf.memberBits(type, member);
    }

    /** A struct's size in bytes; empty if there is no such struct. */
    public OptionalInt structSize(String struct) {
        int type = open().find(struct, Btf.STRUCT);
        return type == 0 ? OptionalInt.empty() : OptionalInt.of(btf.sizeOrType(type));
    }

    /** What a function takes and returns; empty if there is no such function. */
    public Optional<Prototype> prototype(String function) {
        int id = open().find(function, Btf.FUNC);
        if (id == 0) {
            return Optional.empty();
        }
        int prototype = btf.sizeOrType(id);
        List<Parameter> parameters = IntStream.range(0, btf.count(prototype))
                .mapToObj(i -> new Parameter(btf.parameterName(prototype, i), btf.describe(btf.parameterType(prototype, i)))).toList();
        return Optional.of(new Prototype(btf.describe(btf.sizeOrType(prototype)), parameters));
    }

    /** A function's parameters; empty if there is no such function. */
    public Optional<List<TypedParameter>> parameters(String function) {
        int id = open().find(function, Btf.FUNC);
        if (id == 0) {
            return Optional.empty();
        }
        int prototype = btf.sizeOrType(id);
        return Optional.of(IntStream.range(0, btf.count(prototype))
                .mapToObj(i -> new TypedParameter(btf.parameterName(prototype, i), new BtfType(btf, btf.parameterType(prototype, i)))).toList());
    }

    /** {@link #parameters} of an LSM hook such as {@code file_open}. */
    public Optional<List<TypedParameter>> lsmHookParameters(String hook) {
        return parameters(LSM_PREFIX + hook);
    }

    /** {@link #prototype} of an LSM hook such as {@code file_open}. */
    public Optional<Prototype> lsmHook(String hook) {
        return prototype(LSM_PREFIX + hook);
    }

    /** The names of the functions that begin with a prefix, sorted, each once. */
    public List<String> functions(String prefix) {
        Btf open = open();
        return open.ids().filter(id -> open.kind(id) == Btf.FUNC).mapToObj(open::name).filter(name -> name.startsWith(prefix)).distinct().sorted().toList();
    }

    /** The LSM hooks that BPF programs exist for, sorted, without the prefix. */
    public List<String> lsmHooks() {
        return functions(LSM_PREFIX).stream().map(name -> name.substring(LSM_PREFIX.length())).toList();
    }

    private Btf open() {
        if (closed) {
            throw new IllegalStateException("the kernel's BTF is closed");
        }
        return btf;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            free.run();
        }
    }
}
