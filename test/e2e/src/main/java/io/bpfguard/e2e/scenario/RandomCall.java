package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.scenario.RandomAction.Step;
import io.bpfguard.e2e.scenario.RandomPolicy.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A system call with random arguments, and rules on it.
 *
 * @param name what it is called
 * @param isRestricted whether the program needs it for itself, so that rules are about the first argument's values alone, from the first to the last that
 *     it can have here
 * @param isFor32 whether a rule on its arguments can be about 32-bit programs too
 * @param arguments all of them
 */
record RandomCall(String name, boolean isRestricted, boolean isFor32, List<Argument> arguments) {
    /**
     * An argument.
     *
     * @param name as the kernel calls it, which can be a word of YAML (off); empty for one that no rule can compare
     * @param bits how many of the register's are its
     * @param isSigned whether they have a sign
     * @param range all values that it can have here, for a rule; only where the call is restricted
     * @param isConstant whether it has one value here
     * @param value a random one
     */
    record Argument(String name, int bits, boolean isSigned, String range, boolean isConstant, Function<Chance, Long> value) {
        static Argument unsigned(String name, int bits, Function<Chance, Long> value) {
            return new Argument(name, bits, false, "", false, value);
        }

        static Argument signed(String name, Function<Chance, Long> value) {
            return new Argument(name, Integer.SIZE, true, "", false, value);
        }

        static Argument constant(String name, int bits, long value) {
            return new Argument(name, bits, false, "", true, _ -> value);
        }

        Argument within(String all) {
            return new Argument(name, bits, isSigned, all, isConstant, value);
        }

        /** The address of something that the program has. */
        static Argument address(String what) {
            return new Argument("", Long.SIZE, false, what, true, _ -> 0L);
        }

        private boolean isComparable() {
            return !name.isEmpty();
        }

        private String text(long number) {
            return isSigned ? Long.toString(number) : Long.toUnsignedString(number);
        }

        private String condition(Chance chance) {
            long some = value.apply(chance);
            long other = value.apply(chance);
            long mask = mask(chance);
            boolean isLess = isSigned ? some <= other : Long.compareUnsigned(some, other) <= 0;
            return "{argument: \"" + name + "\"" + switch (chance.below(4)) {
                case 0 -> ", equals: " + Stream.of(some, other).distinct().map(this::text).toList();
                case 1 -> ", mask: 0x" + Long.toHexString(mask) + ", equals: " + Long.toUnsignedString(some & mask);
                default -> ", range: \"" + text(isLess ? some : other) + "-" + text(isLess ? other : some) + "\"";
            } + "}";
        }

        /** One or two of the lowest bits that values differ in, so that many values meet it. */
        private long mask(Chance chance) {
            long differing = value.apply(chance) ^ value.apply(chance);
            long lowest = Long.lowestOneBit(differing);
            long next = Long.lowestOneBit(differing ^ lowest);
            return lowest == 0 ? 1 : chance.onceIn(2) ? lowest : lowest | next;
        }

        /** What is behind a number's own bits, nobody looks at. */
        private long register(long number, Chance chance, boolean is32) {
            return is32 || bits == Long.SIZE || chance.onceIn(2) ? number : number & (1L << bits) - 1 | chance.bits() << bits;
        }
    }

    RandomCall {
        arguments = List.copyOf(arguments);
    }

    /** With a condition that not all of the calls meet, and perhaps another one. */
    Rule rule(Chance chance) {
        var conditions = new ArrayList<String>();
        List<Argument> comparable = chance.shuffled(arguments.stream().skip(isRestricted ? 1 : 0).filter(Argument::isComparable).toList());
        Argument varying = comparable.stream().filter(argument -> !argument.isConstant()).findFirst().orElseThrow();
        conditions.add(varying.condition(chance));
        comparable.stream().filter(argument -> argument != varying && chance.onceIn(2)).limit(1).forEach(argument -> conditions.add(argument.condition(chance)));
        if (isRestricted) {
            conditions.add("{argument: 0, range: \"" + arguments.getFirst().range() + "\"}");
        }
        String abis = isFor32 ? chance.pick(List.of("", "", ", abis: [64]", ", abis: [32]")) : ", abis: [64]";
        return Rule.deny("systemCalls", chance.pick(RandomPolicy.ERRNOS), "names: [" + name + "]" + abis + ", conditions: ["
                + String.join(", ", chance.shuffled(conditions)) + "]");
    }

    RandomAction action(Chance chance) {
        boolean is32 = isFor32 && chance.onceIn(3);
        var line = new StringBuilder((is32 ? "call32 " : "call ") + name);
        var given = new ArrayList<String>();
        for (Argument argument : arguments) {
            if (!argument.isComparable()) {
                line.append(' ').append(argument.range());
                continue;
            }
            long number = argument.value().apply(chance);
            if (is32 && argument.bits() == Long.SIZE) {
                number &= 0xffffffffL;
            }
            line.append(" 0x").append(Long.toHexString(argument.register(number, chance, is32)));
            given.add("\"" + argument.name() + "\": " + argument.text(number));
        }
        return RandomAction.of(line.toString(), new Step("system call", "systemCall: " + name + ", abi: " + (is32 ? "i386" : "x86-64")
                + given.stream().collect(Collectors.joining(", ", ", arguments: {", "}"))));
    }
}
