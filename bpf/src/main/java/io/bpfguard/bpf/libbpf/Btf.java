package io.bpfguard.bpf.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Reads BTF, the kernel's type information (Documentation/bpf/btf.rst), in place. Types have ids from 1; 0 is void. Look-ups by name walk all types, a
 * millisecond for a kernel's 130,000: nothing here is for a hot path. Immutable; valid as long as the memory it was given.
 */
final class Btf {
    static final int INT = 1;
    static final int PTR = 2;
    static final int ARRAY = 3;
    static final int STRUCT = 4;
    static final int UNION = 5;
    static final int ENUM = 6;
    static final int FWD = 7;
    static final int TYPEDEF = 8;
    static final int VOLATILE = 9;
    static final int CONST = 10;
    static final int RESTRICT = 11;
    static final int FUNC = 12;
    static final int FUNC_PROTO = 13;
    static final int VAR = 14;
    static final int DATASEC = 15;
    static final int TYPE_TAG = 18;
    static final int ENUM64 = 19;

    private static final short MAGIC = (short) 0xeb9f;
    private static final int HEADER_SIZE = 24;
    /** {@code struct btf_type}: name offset, info, and size or type, four bytes each. */
    private static final int TYPE_SIZE = 12;
    private static final int MEMBER_SIZE = 12;
    private static final int PARAMETER_SIZE = 8;
    /** Modifiers and typedefs nest a few deep; a longer chain is a loop. */
    private static final int MAX_CHAIN = 64;

    /** A variable of a section: the id of its type, offset and size in bytes. */
    record Variable(String section, String name, int type, int offset, int size) {}

    /** A member of a struct: its type, where it begins, and the size of a bit-field (0 for others), in bits. */
    record Member(int type, long bitOffset, int bitSize) {}

    private final MemorySegment types;
    private final MemorySegment strings;
    /** Where each type begins in {@link #types}, by id; [0] is unused. */
    private final int[] offsets;

    /** @throws IllegalArgumentException if the bytes are not BTF of this machine's byte order, or of a kind this class does not know */
    Btf(MemorySegment raw) {
        if (raw.byteSize() < HEADER_SIZE || raw.get(JAVA_SHORT_UNALIGNED, 0) != MAGIC) {
            throw new IllegalArgumentException("not BTF");
        }
        long header = raw.get(JAVA_INT_UNALIGNED, 4);
        types = raw.asSlice(header + raw.get(JAVA_INT_UNALIGNED, 8), raw.get(JAVA_INT_UNALIGNED, 12));
        strings = raw.asSlice(header + raw.get(JAVA_INT_UNALIGNED, 16), raw.get(JAVA_INT_UNALIGNED, 20));
        int[] found = new int[1024];
        int count = 1;
        for (int offset = 0; offset < types.byteSize(); offset += TYPE_SIZE + extraBytes(offset)) {
            if (count == found.length) {
                found = Arrays.copyOf(found, 2 * count);
            }
            found[count++] = offset;
        }
        offsets = Arrays.copyOf(found, count);
    }

    /** The BTF that a {@code struct btf} of libbpf holds; valid until that is freed. */
    static Btf of(LibbpfCalls calls, MemorySegment btf) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(JAVA_LONG);
            MemorySegment raw = calls.btf__raw_data(btf, size);
            if (raw.address() == 0) {
                throw BpfException.of("reading BTF", Kernel.errno(), "");
            }
            return new Btf(raw.reinterpret(Integer.toUnsignedLong(size.get(JAVA_INT_UNALIGNED, 0))));
        }
    }

    private int extraBytes(int offset) {
        int info = types.get(JAVA_INT_UNALIGNED, offset + 4);
        int count = info & 0xffff;
        return switch (kindOf(info)) {
            case PTR, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, 16 /* FLOAT */, TYPE_TAG -> 0;
            case INT, VAR, 17 /* DECL_TAG */ -> 4;
            case ARRAY -> 12;
            case ENUM, FUNC_PROTO -> 8 * count;
            case STRUCT, UNION, DATASEC, ENUM64 -> 12 * count;
            default -> throw new IllegalArgumentException("BTF has types of kind " + kindOf(info) + ", which BPFGuard does not know yet");
        };
    }

    private static int kindOf(int info) {
        return info >>> 24 & 0x1f;
    }

    IntStream ids() {
        return IntStream.range(1, offsets.length);
    }

    private int word(int id, int byteOffset) {
        return types.get(JAVA_INT_UNALIGNED, (long) offsets[id] + byteOffset);
    }

    int kind(int id) {
        return id == 0 ? 0 : kindOf(word(id, 4));
    }

    String name(int id) {
        return id == 0 ? "void" : string(word(id, 0));
    }

    /** The size in bytes of a sized type, and the id of the type that a reference, function or variable refers to. */
    int sizeOrType(int id) {
        return word(id, 8);
    }

    /** How many members, parameters, values or variables follow the type. */
    int count(int id) {
        return word(id, 4) & 0xffff;
    }

    private boolean bitfields(int id) {
        return word(id, 4) < 0;
    }

    private String string(int offset) {
        return strings.getString(offset);
    }

    /**
     * The names of the functions in a module's BTF, which goes on from {@code base}: its strings are numbered behind those of the
     * base (Documentation/bpf/btf.rst, "split BTF").
     */
    static Set<String> functions(Btf module, Btf base) {
        long own = base.strings.byteSize();
        Set<String> names = new HashSet<>();
        module.ids().filter(id -> module.kind(id) == FUNC).forEach(id -> {
            int name = module.word(id, 0);
            names.add(name < own ? base.string(name) : module.string(Math.toIntExact(name - own)));
        });
        return names;
    }

    /** The id of the first type of this kind and name, or 0. */
    int find(String name, int kind) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        for (int id = 1; id < offsets.length; id++) {
            if (kind(id) == kind && named(id, bytes)) {
                return id;
            }
        }
        return 0;
    }

    private boolean named(int id, byte[] name) {
        long at = word(id, 0);
        if (at + name.length >= strings.byteSize()) {
            return false;
        }
        for (byte expected : name) {
            if (strings.get(JAVA_BYTE, at++) != expected) {
                return false;
            }
        }
        return strings.get(JAVA_BYTE, at) == 0;
    }

    /** Follows typedefs and qualifiers. */
    int strip(int id) {
        int current = id;
        for (int i = 0; i < MAX_CHAIN; i++) {
            switch (kind(current)) {
                case TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG -> current = sizeOrType(current);
                default -> {
                    return current;
                }
            }
        }
        throw new IllegalArgumentException("BTF has a loop at type " + id);
    }

    /** Whether an integer or enum has a sign. */
    boolean isSigned(int id) {
        // Of an integer in the bits of its encoding (BTF_INT_SIGNED), of an enum in its kind_flag.
        return kind(id) == INT ? (word(id, TYPE_SIZE) >>> 24 & 1) != 0 : bitfields(id);
    }

    /** Whether an integer is a {@code bool} (BTF_INT_BOOL). */
    boolean isBool(int id) {
        return kind(id) == INT && (word(id, TYPE_SIZE) >>> 24 & 4) != 0;
    }

    int elementType(int id) {
        return word(id, TYPE_SIZE);
    }

    /** Whether one of the tags on a type, between its qualifiers, is this one. */
    boolean hasTag(int id, String tag) {
        int current = id;
        for (int i = 0; i < MAX_CHAIN; i++) {
            switch (kind(current)) {
                case TYPE_TAG -> {
                    if (name(current).equals(tag)) {
                        return true;
                    }
                    current = sizeOrType(current);
                }
                case VOLATILE, CONST, RESTRICT -> current = sizeOrType(current);
                default -> {
                    return false;
                }
            }
        }
        return false;
    }

    /**
     * The bit offset of a member in a struct or union, looked for in its anonymous members too, as C does; -1 if there is none. {@code type} is an id.
     */
    long memberBits(int type, String member) {
        return member(type, member).map(Member::bitOffset).orElse(-1L);
    }

    /** A member of a struct or union, looked for likewise. */
    Optional<Member> member(int type, String member) {
        return member(type, member, 0);
    }

    private Optional<Member> member(int type, String member, int depth) {
        if (!isStruct(type) || depth > MAX_CHAIN) {
            return Optional.empty();
        }
        for (int i = 0; i < count(type); i++) {
            Member found = memberAt(type, i);
            String name = memberName(type, i);
            if (name.equals(member)) {
                return Optional.of(found);
            }
            if (name.isEmpty()) {
                Optional<Member> inner = member(strip(found.type()), member, depth + 1);
                if (inner.isPresent()) {
                    return inner.map(in -> new Member(in.type(), found.bitOffset() + in.bitOffset(), in.bitSize()));
                }
            }
        }
        return Optional.empty();
    }

    /** The names of a struct's members, those of anonymous members among them. */
    void memberNames(int type, Consumer<String> names) {
        for (int i = 0; isStruct(type) && i < count(type); i++) {
            String name = memberName(type, i);
            if (name.isEmpty()) {
                memberNames(strip(memberAt(type, i).type()), names);
            } else {
                names.accept(name);
            }
        }
    }

    private boolean isStruct(int type) {
        return kind(type) == STRUCT || kind(type) == UNION;
    }

    private String memberName(int type, int index) {
        return string(word(type, TYPE_SIZE + index * MEMBER_SIZE));
    }

    private Member memberAt(int type, int index) {
        int at = TYPE_SIZE + index * MEMBER_SIZE;
        int offset = word(type, at + 8);
        // With bit fields the upper 8 bits are the field's width (btf_member_bit_offset).
        return bitfields(type) ? new Member(word(type, at + 4), offset & 0xffffff, offset >>> 24)
                : new Member(word(type, at + 4), Integer.toUnsignedLong(offset), 0);
    }

    String parameterName(int prototype, int index) {
        return string(word(prototype, TYPE_SIZE + index * PARAMETER_SIZE));
    }

    int parameterType(int prototype, int index) {
        return word(prototype, TYPE_SIZE + index * PARAMETER_SIZE + 4);
    }

    /** The type as C writes it, near enough to be read by a person: {@code const struct path *}. */
    String describe(int id) {
        return describe(id, 0);
    }

    private String describe(int id, int depth) {
        if (depth > MAX_CHAIN) {
            return "…";
        }
        return switch (kind(id)) {
            case PTR -> pointerTo(describe(sizeOrType(id), depth + 1));
            case CONST -> "const " + describe(sizeOrType(id), depth + 1);
            case VOLATILE -> "volatile " + describe(sizeOrType(id), depth + 1);
            case RESTRICT, TYPE_TAG -> describe(sizeOrType(id), depth + 1);
            case STRUCT -> "struct " + name(id);
            case UNION -> "union " + name(id);
            case ENUM, ENUM64 -> "enum " + name(id);
            case FWD -> (bitfields(id) ? "union " : "struct ") + name(id);
            case ARRAY -> describe(word(id, TYPE_SIZE), depth + 1) + "[" + word(id, TYPE_SIZE + 8) + "]";
            case FUNC_PROTO -> "function";
            default -> name(id);
        };
    }

    private static String pointerTo(String target) {
        return target.endsWith("*") ? target + "*" : target + " *";
    }

    /** The variables of the sections with a matching name, in the order of the BTF. */
    Stream<Variable> variables(Predicate<String> section) {
        return ids().filter(id -> kind(id) == DATASEC && section.test(name(id))).boxed()
                .flatMap(id -> IntStream.range(0, count(id)).mapToObj(i -> {
                    int at = TYPE_SIZE + i * 12;
                    int variable = word(id, at);
                    return new Variable(name(id), name(variable), sizeOrType(variable), word(id, at + 4), word(id, at + 8));
                }));
    }
}
