package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A compiled BPF object file ({@code .bpf.o}): opened, adjusted, loaded, closed, in this order. The setters are for the time before {@link #load()}; {@link #map}
 * and {@link #program} for the time after.
 *
 * <p>The object owns the descriptors of its maps and programs; {@link #close()} closes them all. What was pinned, attached and pinned, or put into another map
 * stays in the kernel.
 *
 * <p>Not thread-safe, but it may be handed from one thread to another.
 */
public final class BpfObject implements AutoCloseable {
    /** Layout of {@code struct bpf_object_open_opts} as of libbpf 1.1; a newer library takes the missing rest as zero. */
    static final int OPTS_SZ = 0;
    static final int OPTS_OBJECT_NAME = 8;
    static final int OPTS_PIN_ROOT_PATH = 24;
    static final int OPTS_SIZE = 80;

    /** How libbpf frames the verifier's log (libbpf.c, bpf_object_load_prog). */
    private static final Pattern VERIFIER_LOG =
            Pattern.compile("prog '([^']*)': -- BEGIN PROG LOAD LOG --\n(.*?)\n?-- END PROG LOAD LOG --", Pattern.DOTALL);

    /** What the object file says about one of its maps; sizes in bytes. The kernel's map may differ after the setters. */
    public record MapDefinition(String name, BpfMap.Type type, int keySize, int valueSize, int maxEntries, int flags) {}

    /**
     * What the object file says about one of its programs.
     *
     * @param name       the C function
     * @param section    such as {@code lsm/file_open}
     * @param type       the number of {@code enum bpf_prog_type}
     * @param attachType the number of {@code enum bpf_attach_type}
     */
    public record ProgramDefinition(String name, String section, int type, int attachType) {}

    /** What a constant holds. */
    public enum ConstantKind {
        /** An integer or enum from 0 on. */
        UNSIGNED,
        /** An integer or enum with a sign. */
        SIGNED,
        /** {@code bool}. */
        BOOLEAN,
        /** An array of integers of one byte. */
        TEXT,
        /** Anything else. */
        OTHER
    }

    /**
     * A {@code const volatile} variable.
     *
     * @param size in bytes
     */
    public record Constant(String name, ConstantKind kind, int size) {}

    private final LibbpfCalls calls;
    private final String name;
    /** Holds the image, which libbpf does not copy, and the strings of the options. */
    private final Arena arena;
    /** Pointers of libbpf, valid until the object is closed. */
    private final Map<String, MemorySegment> maps = new LinkedHashMap<>();
    private final Map<String, MemorySegment> programs = new LinkedHashMap<>();
    private final Map<String, BpfMap> loadedMaps = new LinkedHashMap<>();
    private final Map<String, BpfProgram> loadedPrograms = new LinkedHashMap<>();
    /** Of libbpf; this object owns it. NULL once closed. */
    private MemorySegment object;
    /** By name; null before they are first asked for. */
    private Map<String, Btf.Variable> constants;
    private boolean loaded;

    private BpfObject(LibbpfCalls calls, String name, Arena arena, MemorySegment object) {
        this.calls = calls;
        this.name = name;
        this.arena = arena;
        this.object = object;
        MemorySegment map = MemorySegment.NULL;
        while ((map = calls.bpf_object__next_map(object, map)).address() != 0) {
            maps.put(name(map), map);
        }
        MemorySegment program = MemorySegment.NULL;
        while ((program = calls.bpf_object__next_program(object, program)).address() != 0) {
            programs.put(Libbpf.string(calls.bpf_program__name(program)), program);
        }
    }

    /** The name in the source; libbpf calls the maps of global data by the object's name and the section's, cut to the kernel's 15 characters. */
    private String name(MemorySegment map) {
        String full = Libbpf.string(calls.bpf_map__name(map));
        return calls.bpf_map__is_internal(map) && !full.startsWith(".") ? full.substring(full.lastIndexOf('.')) : full;
    }

    /**
     * Opens an object file that is in memory.
     *
     * @param name what the kernel prefixes the names of its global data maps with, and messages call it
     * @throws BpfException if it is not a BPF object
     */
    public static BpfObject open(Libbpf libbpf, byte[] image, String name) {
        return open(libbpf, image, name, Optional.empty());
    }

    /**
     * Opens an object file that is in memory.
     *
     * @param pins the bpffs directory for maps that the object declares {@code LIBBPF_PIN_BY_NAME}; without it libbpf takes {@code /sys/fs/bpf}
     * @throws BpfException if it is not a BPF object
     */
    public static BpfObject open(Libbpf libbpf, byte[] image, String name, Optional<Path> pins) {
        Objects.requireNonNull(name, "name is null");
        LibbpfCalls calls = libbpf.calls();
        Arena arena = Arena.ofShared();
        MemorySegment object = MemorySegment.NULL;
        try {
            MemorySegment memory = arena.allocate(Math.max(image.length, 1), 8);
            MemorySegment.copy(image, 0, memory, JAVA_BYTE, 0, image.length);
            MemorySegment opts = arena.allocate(OPTS_SIZE, 8);
            opts.set(JAVA_LONG, OPTS_SZ, OPTS_SIZE);
            opts.set(ADDRESS, OPTS_OBJECT_NAME, arena.allocateFrom(name));
            pins.ifPresent(path -> opts.set(ADDRESS, OPTS_PIN_ROOT_PATH, Kernel.path(arena, path)));
            StringBuilder words = new StringBuilder();
            object = Libbpf.collecting(words, () -> calls.bpf_object__open_mem(memory, image.length, opts));
            if (object.address() == 0) {
                throw BpfException.of("opening BPF object " + name, Kernel.errno(), words.toString().strip());
            }
            return new BpfObject(calls, name, arena, object);
        } catch (RuntimeException | Error failure) {
            if (object.address() != 0) {
                calls.bpf_object__close(object);
            }
            arena.close();
            throw failure;
        }
    }

    /** The name given at {@link #open}. */
    public String name() {
        return name;
    }

    /** The maps of the object file in its order, those for global data ({@code .rodata}, {@code .bss}) included. */
    public List<MapDefinition> maps() {
        checkOpen();
        List<MapDefinition> definitions = new ArrayList<>();
        maps.forEach((map, pointer) -> definitions.add(new MapDefinition(
                map, BpfMap.Type.of(calls.bpf_map__type(pointer)), calls.bpf_map__key_size(pointer), calls.bpf_map__value_size(pointer),
                calls.bpf_map__max_entries(pointer), calls.bpf_map__map_flags(pointer))));
        return definitions;
    }

    /** The programs of the object file in its order. */
    public List<ProgramDefinition> programs() {
        checkOpen();
        List<ProgramDefinition> definitions = new ArrayList<>();
        programs.forEach((program, pointer) -> definitions.add(new ProgramDefinition(
                program, Libbpf.string(calls.bpf_program__section_name(pointer)), calls.bpf_program__type(pointer),
                calls.bpf_program__expected_attach_type(pointer))));
        return definitions;
    }

    /** The maps that the object declares to be pinned by their names. */
    public Set<String> pinnedMaps() {
        checkOpen();
        return maps.entrySet().stream().filter(map -> calls.bpf_map__pin_path(map.getValue()).address() != 0).map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Sets a map's capacity: elements, or bytes of a ring buffer. */
    public void setMaxEntries(String map, int count) {
        adjustMap("setting max_entries of", map, pointer -> calls.bpf_map__set_max_entries(pointer, count));
    }

    /** Sets a map's key size in bytes. */
    public void setKeySize(String map, int size) {
        adjustMap("setting the key size of", map, pointer -> calls.bpf_map__set_key_size(pointer, size));
    }

    /** Sets a map's value size in bytes. */
    public void setValueSize(String map, int size) {
        adjustMap("setting the value size of", map, pointer -> calls.bpf_map__set_value_size(pointer, size));
    }

    /** Takes an existing map instead of creating one. libbpf duplicates the descriptor: {@code existing} stays its owner's. */
    public void reuse(String map, BpfMap existing) {
        adjustMap("reusing " + existing + " for", map, pointer -> calls.bpf_map__reuse_fd(pointer, existing.fd()));
    }

    /**
     * Gives the template of a map of maps that declares no inner map itself. libbpf does not duplicate the descriptor: {@code template} stays its owner's, and
     * must stay open until {@link #load()} has returned.
     */
    public void setInnerMap(String map, BpfMap template) {
        adjustMap("setting the inner map of", map, pointer -> calls.bpf_map__set_inner_map_fd(pointer, template.fd()));
    }

    /** Sets whether {@link #load()} loads a program; one that is not loaded is not verified either. */
    public void setAutoload(String program, boolean autoload) {
        adjustProgram("setting autoload of", program, pointer -> calls.bpf_program__set_autoload(pointer, autoload), "");
    }

    /**
     * Sets the kernel function or LSM hook that a program is for, in place of the one in its section name.
     *
     * @param function without the {@code bpf_lsm_} prefix
     * @throws BpfUnavailable if the kernel has no BTF
     * @throws NotFound       if it has no such function
     */
    public void setAttachTarget(String program, String function) {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment target = scope.allocateFrom(function);
            adjustProgram("setting the attach target " + function + " of", program, pointer -> calls.bpf_program__set_attach_target(pointer, 0, target),
                    "this kernel has no such function or hook");
        }
    }

    /**
     * Sets the function of a loaded module that a program is for, in place of the one in its section name.
     *
     * @throws NotFound if the module is not loaded or has no such function, or libbpf cannot read the module's BTF
     */
    public void setAttachTarget(String program, String module, String function) {
        try {
            // libbpf 1.5 and later take the module too.
            setAttachTarget(program, module + ":" + function);
        } catch (NotFound perhapsOlder) {
            // An older one takes the first function of the name, in the kernel or in any module.
            setAttachTarget(program, function);
        }
    }

    /**
     * Sets a {@code const volatile} integer of the program text, which the verifier then treats as a constant.
     *
     * @param value must fit the variable, as a signed or as an unsigned number
     * @throws IllegalArgumentException if the object has no such constant, it is no integer of 1, 2, 4 or 8 bytes, or the value does not fit
     */
    public void setConstant(String constant, long value) {
        MemorySegment target = constant(constant);
        int bits = Math.toIntExact(target.byteSize()) * Byte.SIZE;
        boolean fits = bits == Long.SIZE || (value >= -(1L << (bits - 1)) && value < 1L << bits);
        if (!fits) {
            throw new IllegalArgumentException("constant " + constant + " has " + bits + " bits: " + value + " does not fit");
        }
        switch (bits) {
            case Byte.SIZE -> target.set(JAVA_BYTE, 0, (byte) value);
            case Short.SIZE -> target.set(JAVA_SHORT_UNALIGNED, 0, (short) value);
            case Integer.SIZE -> target.set(JAVA_INT_UNALIGNED, 0, (int) value);
            case Long.SIZE -> target.set(JAVA_LONG_UNALIGNED, 0, value);
            default -> throw new IllegalArgumentException("constant " + constant + " is no integer: it has " + target.byteSize() + " bytes");
        }
    }

    /**
     * Sets a {@code const volatile} variable of any type.
     *
     * @param value exactly as many bytes as the variable has
     * @throws IllegalArgumentException if the object has no such constant, or the size differs
     */
    public void setConstant(String constant, byte[] value) {
        MemorySegment target = constant(constant);
        if (target.byteSize() != value.length) {
            throw new IllegalArgumentException("constant " + constant + " has " + target.byteSize() + " bytes, not " + value.length);
        }
        MemorySegment.copy(value, 0, target, JAVA_BYTE, 0, value.length);
    }

    /**
     * The bytes that a {@code const volatile} variable has so far: its initial value, or what was set.
     *
     * @throws IllegalArgumentException if the object has no such constant
     */
    public byte[] constantBytes(String constant) {
        return constant(constant).toArray(JAVA_BYTE);
    }

    /** The names of the object's {@code const volatile} variables. */
    public Set<String> constants() {
        return Set.copyOf(constantVariables().keySet());
    }

    /**
     * The {@code const volatile} variables of one section, in the order of their addresses.
     *
     * @param section such as {@code .rodata.settings}
     */
    public List<Constant> constants(String section) {
        Btf btf = readBtf();
        return btf.variables(section::equals).sorted(Comparator.comparing(Btf.Variable::offset))
                .map(variable -> new Constant(variable.name(), kind(btf, btf.strip(variable.type())), variable.size())).toList();
    }

    private static ConstantKind kind(Btf btf, int type) {
        return switch (btf.kind(type)) {
            case Btf.INT, Btf.ENUM, Btf.ENUM64 ->
                btf.isBool(type) ? ConstantKind.BOOLEAN : btf.isSigned(type) ? ConstantKind.SIGNED : ConstantKind.UNSIGNED;
            case Btf.ARRAY -> {
                int element = btf.strip(btf.elementType(type));
                yield btf.kind(element) == Btf.INT && btf.sizeOrType(element) == 1 && !btf.isBool(element) ? ConstantKind.TEXT : ConstantKind.OTHER;
            }
            default -> ConstantKind.OTHER;
        };
    }

    /** The constant's bytes in libbpf's copy of {@code .rodata}, which {@link #load()} passes to the kernel. */
    private MemorySegment constant(String constant) {
        checkLoaded(false, "setting constant " + constant);
        Btf.Variable variable = constantVariables().get(constant);
        if (variable == null) {
            throw new IllegalArgumentException("object " + name + " has no constant " + constant + "; it has "
                    + constants().stream().sorted().toList());
        }
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment map = calls.bpf_object__find_map_by_name(object, scope.allocateFrom(variable.section()));
            MemorySegment size = scope.allocate(JAVA_LONG);
            MemorySegment data = map.address() == 0 ? MemorySegment.NULL : calls.bpf_map__initial_value(map, size);
            if (data.address() == 0) {
                throw new BpfException("setting constant " + constant + " of " + name, Errno.ENOENT, "section " + variable.section() + " has no data");
            }
            // The bytes are an anonymous mapping that libbpf owns until load; the slice is used before this method's caller returns.
            return data.reinterpret(size.get(JAVA_LONG, 0)).asSlice(variable.offset(), variable.size());
        }
    }

    private Map<String, Btf.Variable> constantVariables() {
        if (constants == null) {
            constants = readBtf().variables(section -> section.startsWith(".rodata")).collect(Collectors.toMap(Btf.Variable::name, variable -> variable));
        }
        return constants;
    }

    private Btf readBtf() {
        MemorySegment pointer = calls.bpf_object__btf(object);
        if (pointer.address() == 0) {
            throw new IllegalArgumentException("object " + name + " has no BTF: compile it with clang -g");
        }
        return Btf.of(calls, pointer);
    }

    /**
     * Creates the maps and loads the programs; {@code .rodata} is frozen by it. After a failure the object can only be closed.
     *
     * @throws VerifierRejected if the verifier refuses a program
     * @throws BpfUnavailable   if a program needs the kernel's BTF and there is none
     * @throws NotFound         if the kernel lacks the function or hook that a program is for
     * @throws BpfException     for everything else, with what libbpf said
     */
    public void load() {
        checkLoaded(false, "loading");
        StringBuilder words = new StringBuilder();
        int result = Libbpf.collecting(words, () -> calls.bpf_object__load(object));
        if (result < 0) {
            throw failure("loading BPF object " + name, -result, words.toString());
        }
        loaded = true;
        maps.forEach((map, pointer) -> {
            int fd = calls.bpf_map__fd(pointer);
            if (fd >= 0) {
                loadedMaps.put(map, BpfMap.borrowing(fd));
            }
        });
        programs.forEach((program, pointer) -> {
            int fd = calls.bpf_program__fd(pointer);
            if (fd >= 0) {
                loadedPrograms.put(program, BpfProgram.borrowing(fd, program, pointer, calls));
            }
        });
    }

    private static BpfException failure(String operation, int errno, String words) {
        Matcher log = VERIFIER_LOG.matcher(words);
        if (log.find()) {
            return new VerifierRejected(operation, errno, log.group(1), log.group(2));
        }
        if (words.contains("failed to find valid kernel BTF") || words.contains("vmlinux BTF")) {
            return new BpfUnavailable(operation, errno, words.strip() + "\n" + KernelBtf.REMEDY);
        }
        if (words.contains("failed to find kernel BTF type ID")) {
            return new NotFound(operation, errno, "this kernel has no such function or hook: " + words.strip());
        }
        return BpfException.of(operation, errno, words.strip());
    }

    /**
     * A map of the loaded object, by its C name ({@code .rodata} and the like by section name).
     *
     * @throws IllegalArgumentException if there is none
     */
    public BpfMap map(String map) {
        checkLoaded(true, "taking map " + map);
        return named(loadedMaps, map, "map");
    }

    /**
     * A program of the loaded object, by its C name.
     *
     * @throws IllegalArgumentException if there is none, or it was not loaded
     */
    public BpfProgram program(String program) {
        checkLoaded(true, "taking program " + program);
        return named(loadedPrograms, program, "loaded program");
    }

    private void adjustMap(String verb, String map, ToIntFunction<MemorySegment> call) {
        adjust(verb + " map " + map, named(maps, map, "map"), call, "");
    }

    private void adjustProgram(String verb, String program, ToIntFunction<MemorySegment> call, String ifMissing) {
        adjust(verb + " program " + program, named(programs, program, "program"), call, ifMissing);
    }

    /** {@code ifMissing} is what ESRCH means when libbpf does not say. */
    private void adjust(String operation, MemorySegment pointer, ToIntFunction<MemorySegment> call, String ifMissing) {
        checkLoaded(false, operation);
        StringBuilder words = new StringBuilder();
        int result = Libbpf.collecting(words, () -> call.applyAsInt(pointer));
        if (result < 0) {
            boolean missing = result == -Errno.ESRCH && words.isEmpty();
            throw missing ? new NotFound(operation + " of " + name, -result, ifMissing) : failure(operation + " of " + name, -result, words.toString());
        }
    }

    private <T> T named(Map<String, T> things, String wanted, String what) {
        T found = things.get(wanted);
        if (found == null) {
            throw new IllegalArgumentException("object " + name + " has no " + what + " " + wanted + "; it has " + things.keySet());
        }
        return found;
    }

    private void checkOpen() {
        if (object == null) {
            throw new IllegalStateException("object " + name + " is closed");
        }
    }

    private void checkLoaded(boolean expected, String operation) {
        checkOpen();
        if (loaded != expected) {
            throw new IllegalStateException(operation + ": object " + name + (loaded ? " is loaded already" : " is not loaded"));
        }
    }

    @Override
    public void close() {
        if (object == null) {
            return;
        }
        loadedPrograms.values().forEach(BpfProgram::forget);
        loadedMaps.values().forEach(BpfMap::forget);
        calls.bpf_object__close(object);
        arena.close();
        object = null;
    }

    @Override
    public String toString() {
        return "object " + name;
    }
}
