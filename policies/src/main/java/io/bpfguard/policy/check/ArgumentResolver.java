package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.Extractor.Kind;
import io.bpfguard.policy.compiled.Extractor.Source;
import io.bpfguard.policy.model.Nearest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Finds what {@code file.f_path.dentry.d_inode.i_mode} is, from the types of a hook's or function's parameters: which
 * argument, and which pointers and offsets lead from it to the value.
 */
final class ArgumentResolver {
    private static final int REGISTER_BYTES = 8;
    /** A struct that is passed by value in more registers than this cannot be looked at by programs. */
    private static final int MAX_STRUCT = 16;
    private static final String USER = "it points into user memory, where the program can change what a rule has compared";

    /** Why an expression means nothing. */
    static final class Unresolved extends Exception {
        private static final long serialVersionUID = 1;

        Unresolved(String message) {
            super(message);
        }
    }

    private final String owner;
    private final List<KernelType.Parameter> parameters;

    /**
     * For one hook or function.
     *
     * @param owner names it in messages: {@code the LSM hook file_open}
     */
    ArgumentResolver(String owner, List<KernelType.Parameter> parameters) {
        this.owner = owner;
        this.parameters = List.copyOf(parameters);
    }

    /** What the expression stands for. */
    Argument resolve(String expression) throws Unresolved {
        String[] parts = expression.split("\\.", -1);
        int number = parameter(parts[0]);
        Place place = new Place(register(number), parameters.get(number).type());
        for (int i = 1; i < parts.length; i++) {
            place.enter(parts[i]);
        }
        return place.argument(number);
    }

    private int parameter(String name) throws Unresolved {
        List<String> names = parameters.stream().map(KernelType.Parameter::name).toList();
        int number = name.chars().allMatch(Character::isDigit) && name.length() < 3 && !name.isEmpty() ? Integer.parseInt(name) : names.indexOf(name);
        if (number >= 0 && number < parameters.size()) {
            return number;
        }
        if (parameters.isEmpty()) {
            throw new Unresolved(owner + " has no arguments");
        }
        throw new Unresolved(owner + " has no argument " + name + "; it has " + list(names)
                + Nearest.hint(name, names.stream().filter(known -> !known.isEmpty()).toList()));
    }

    private String list(List<String> names) {
        return IntStream.range(0, names.size()).mapToObj(i -> (names.get(i).isEmpty() ? Integer.toString(i) : names.get(i)) + " ("
                + parameters.get(i).type().text() + ")").collect(Collectors.joining(", "));
    }

    /** Arguments are counted in registers: a struct that is passed by value can have two. */
    private int register(int number) throws Unresolved {
        int register = 0;
        for (int i = 0; i <= number; i++) {
            if (parameters.get(i).type() instanceof KernelType.Struct struct) {
                if (struct.bytes() > MAX_STRUCT || i == number) {
                    throw new Unresolved("argument " + number + " of " + owner + " is passed by value or stands behind one that is (" + struct.text()
                            + "), which programs cannot look at");
                }
                register += Math.ceilDiv(struct.bytes(), REGISTER_BYTES);
            } else {
                register += i < number ? 1 : 0;
            }
        }
        return register;
    }

    /** Where the expression has come to. */
    private final class Place {
        private final int register;
        private KernelType type;
        /** Offsets behind each of which a pointer is read, and the last. */
        private final List<Integer> offsets = new ArrayList<>(List.of(0));
        /** Whether the value is in the register itself. */
        private boolean isDirect = true;
        /** Of a bit-field: its first bit, counted from the last offset, and its size. */
        private int shift;
        private int bits;

        Place(int register, KernelType type) {
            this.register = register;
            this.type = type;
        }

        void enter(String name) throws Unresolved {
            if (type instanceof KernelType.Pointer pointer) {
                follow(pointer);
            }
            if (!(type instanceof KernelType.Struct struct)) {
                throw new Unresolved(type.text() + " has no members that the kernel's types tell of, so there is no " + name + " in it");
            }
            KernelType.Member member = struct.member(name).orElseThrow(() -> new Unresolved(struct.text() + " has no member " + name
                    + Nearest.hint(name, struct.members())));
            type = member.type();
            if (member.bitSize() == 0) {
                advance(member.bitOffset() / Byte.SIZE);
                return;
            }
            // A bit-field lies within one unit of its declared type (System V ABI, x86-64).
            int unit = type instanceof KernelType.Number number ? number.bytes() : 1;
            int start = member.bitOffset() / Byte.SIZE / unit * unit;
            shift = member.bitOffset() - start * Byte.SIZE;
            bits = member.bitSize();
            if (shift + bits > unit * Byte.SIZE) {
                throw new Unresolved("the bit-field " + name + " of " + struct.text() + " is not within one " + type.text());
            }
            advance(start);
        }

        private void advance(int bytes) {
            offsets.add(offsets.removeLast() + bytes);
        }

        /** To what the pointer points to. */
        private void follow(KernelType.Pointer pointer) throws Unresolved {
            if (pointer.isUser()) {
                throw new Unresolved(pointer.text() + " is not followed: " + USER);
            }
            if (!isDirect) {
                offsets.add(0);
            }
            isDirect = false;
            type = pointer.to();
            if (offsets.size() > Extractor.MAX_DEREFERENCES + 1) {
                throw new Unresolved("more than " + Extractor.MAX_DEREFERENCES + " pointers would have to be followed");
            }
        }

        Argument argument(int number) throws Unresolved {
            String written = type.text();
            Optional<Extractor> integer = integer();
            if (bits > 0) {
                return new Argument(written, integer, Optional.empty(), false, "it is a bit-field");
            }
            return switch (type) {
                case KernelType.Number _ -> new Argument(written, integer, Optional.empty(), false, "it is a number (" + written + ")");
                case KernelType.Array(_, KernelType.Number of) when isCharacter(of) ->
                    new Argument(written, integer, Optional.of(text(Kind.STRING)), false, "");
                case KernelType.Struct struct when struct.name().equals("path") ->
                    new Argument(written, integer, Optional.of(text(Kind.PATH)), true, "");
                case KernelType.Pointer pointer -> pointer(number, pointer, integer);
                default -> new Argument(written, integer, Optional.empty(), false, "it is a " + written);
            };
        }

        private Argument pointer(int number, KernelType.Pointer pointer, Optional<Extractor> integer) throws Unresolved {
            String written = pointer.text();
            if (pointer.isUser()) {
                return new Argument(written, integer, Optional.empty(), false, USER);
            }
            KernelType to = pointer.to();
            String name = to instanceof KernelType.Struct struct ? struct.name() : "";
            if (name.equals("dentry")) {
                return dentry(number, integer);
            }
            boolean isString = to instanceof KernelType.Number of && isCharacter(of);
            if (!isString && !name.equals("path") && !name.equals("file")) {
                return new Argument(written, integer, Optional.empty(), false, "it is a " + written);
            }
            follow(pointer);
            if (name.equals("file")) {
                enter("f_path");
            }
            return new Argument(written, integer, Optional.of(text(isString ? Kind.STRING : Kind.PATH)), !isString, "");
        }

        /** A dentry is a path together with the mount of another argument, the one before it where there are several. */
        private Argument dentry(int number, Optional<Extractor> integer) throws Unresolved {
            List<Integer> paths = IntStream.range(0, parameters.size()).filter(i -> isPathPointer(parameters.get(i).type())).boxed().toList();
            if (!isDirect || paths.isEmpty()) {
                return new Argument(type.text(), integer, Optional.empty(), false,
                        "a dentry does not say in which mount it is looked at; compare a struct path, a struct file, or an argument of a path_ hook");
            }
            int mount = paths.stream().filter(i -> i < number).reduce((first, second) -> second).orElse(paths.getFirst());
            return new Argument(type.text(), integer, Optional.of(new Extractor(Source.ARGUMENT, register, Kind.DENTRY, List.of(0), 0, 0, 0,
                    register(mount))), true, "");
        }

        private Extractor text(Kind kind) {
            return new Extractor(Source.ARGUMENT, register, kind, offsets, 0, 0, 0, 0);
        }

        private Optional<Extractor> integer() {
            return switch (type) {
                case KernelType.Number(_, int bytes, boolean signed) -> Optional.of(integer(bytes, signed));
                case KernelType.Pointer _ -> Optional.of(integer(Long.BYTES, false));
                default -> Optional.empty();
            };
        }

        private Extractor integer(int bytes, boolean signed) {
            return new Extractor(Source.ARGUMENT, register, signed ? Kind.SIGNED : Kind.UNSIGNED, offsets, isDirect ? 0 : bytes, shift,
                    bits > 0 ? bits : bytes * Byte.SIZE, 0);
        }
    }

    private static boolean isPathPointer(KernelType type) {
        return type instanceof KernelType.Pointer pointer && pointer.to() instanceof KernelType.Struct struct && struct.name().equals("path");
    }

    private static boolean isCharacter(KernelType.Number number) {
        return number.bytes() == 1 && number.text().contains("char");
    }
}
