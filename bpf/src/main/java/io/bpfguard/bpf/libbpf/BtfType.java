package io.bpfguard.bpf.libbpf;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** A type of the kernel, seen through typedefs and qualifiers. Valid until the {@link KernelBtf} it is from is closed. */
public final class BtfType {
    /** What a type is. */
    public enum Kind {
        /** An integer, a character or a bool. */
        INTEGER,
        /** An enum. */
        ENUM,
        /** A pointer. */
        POINTER,
        /** A struct or union. */
        STRUCT,
        /** An array. */
        ARRAY,
        /** void, a function, floating point, a struct of which only the name is known. */
        OTHER
    }

    /**
     * A member of a struct.
     *
     * @param bitSize of a bit-field, 0 for others
     */
    public record Member(BtfType type, int bitOffset, int bitSize) {}

    private static final String USER = "user";

    private final Btf btf;
    private final int id;

    BtfType(Btf btf, int id) {
        this.btf = btf;
        this.id = btf.strip(id);
    }

    /** What it is. */
    public Kind kind() {
        return switch (btf.kind(id)) {
            case Btf.INT -> Kind.INTEGER;
            case Btf.ENUM, Btf.ENUM64 -> Kind.ENUM;
            case Btf.PTR -> Kind.POINTER;
            case Btf.STRUCT, Btf.UNION -> Kind.STRUCT;
            case Btf.ARRAY -> Kind.ARRAY;
            default -> Kind.OTHER;
        };
    }

    /** The name in C, without struct or enum; empty if it has none. */
    public String name() {
        return btf.name(id);
    }

    /** As C writes it, near enough: {@code struct file *}. */
    public String describe() {
        return btf.describe(id);
    }

    /** The size in bytes of an {@link Kind#INTEGER}, {@link Kind#ENUM} or {@link Kind#STRUCT}. */
    public int bytes() {
        return btf.sizeOrType(id);
    }

    /** Whether an {@link Kind#INTEGER} or {@link Kind#ENUM} has a sign. */
    public boolean isSigned() {
        return btf.isSigned(id);
    }

    /** What a {@link Kind#POINTER} points to, or the elements of an {@link Kind#ARRAY}. */
    public BtfType target() {
        return new BtfType(btf, kind() == Kind.ARRAY ? btf.elementType(id) : btf.sizeOrType(id));
    }

    /** Whether a {@link Kind#POINTER} is marked as one to user memory; compilers before GCC 16 do not mark them. */
    public boolean isUserPointer() {
        return btf.hasTag(btf.sizeOrType(id), USER);
    }

    /** The names of a {@link Kind#STRUCT}'s members, those of anonymous members among them. */
    public Set<String> members() {
        Set<String> names = new TreeSet<>();
        btf.memberNames(id, names::add);
        return names;
    }

    /** A member of a {@link Kind#STRUCT}, in an anonymous struct or union of it perhaps. */
    public Optional<Member> member(String name) {
        return btf.member(id, name).map(found -> new Member(new BtfType(btf, found.type()), Math.toIntExact(found.bitOffset()), found.bitSize()));
    }
}
