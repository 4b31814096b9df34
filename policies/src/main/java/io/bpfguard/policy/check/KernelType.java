package io.bpfguard.policy.check;

import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** A type of the kernel's C, without typedefs and qualifiers, as far as conditions on arguments look at it. */
public sealed interface KernelType {
    /** As C writes it, near enough: {@code const char *}. */
    String text();

    /**
     * An integer, a character, a bool or an enum.
     *
     * @param bytes 1, 2, 4 or 8
     */
    record Number(String text, int bytes, boolean signed) implements KernelType {
        public Number {
            Objects.requireNonNull(text, "text is null");
        }
    }

    /** A pointer. */
    non-sealed interface Pointer extends KernelType {
        /** What it points to; {@link Other} for void. */
        KernelType to();

        /** Whether the types say that it leads to user memory. Not all kernels' do, so false is not certain. */
        boolean isUser();
    }

    /** A struct or union. */
    non-sealed interface Struct extends KernelType {
        /** The name behind {@code struct}; empty if it has none. */
        String name();

        /** Its size in bytes. */
        int bytes();

        /** The names of its members, those of anonymous members among them. */
        Set<String> members();

        /** The member of this name. */
        Optional<Member> member(String name);
    }

    /**
     * An array.
     *
     * @param of what its elements are
     */
    record Array(String text, KernelType of) implements KernelType {
        public Array {
            Objects.requireNonNull(of, "of is null");
        }
    }

    /** Anything else: void, functions, floating point, structs of which only the name is known. */
    record Other(String text) implements KernelType {}

    /**
     * A member of a struct.
     *
     * @param bitOffset from the struct's beginning
     * @param bitSize of a bit-field, 0 for other members
     */
    record Member(KernelType type, int bitOffset, int bitSize) {
        public Member {
            Objects.requireNonNull(type, "type is null");
        }
    }

    /**
     * A parameter of a hook or function.
     *
     * @param name empty if the types do not say it
     */
    record Parameter(String name, KernelType type) {
        public Parameter {
            Objects.requireNonNull(name, "name is null");
            Objects.requireNonNull(type, "type is null");
        }
    }
}
