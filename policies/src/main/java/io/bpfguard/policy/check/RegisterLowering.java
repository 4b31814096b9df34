package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.model.Abi;
import io.bpfguard.policy.model.Condition;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.IntegerPatterns;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Problem;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Lowers the conditions on the arguments of a system call to its number and registers, for each ABI by itself. */
record RegisterLowering(Lowering.Builder builder, SystemCallLowering.Call call) {
    /** The width of a register in the keys, in bytes. */
    private static final int REGISTER = Extractor.WIDTH;
    private static final int HALF = REGISTER / 2;

    /** The calls that meet the conditions; none when something is refused. */
    List<Subject> subjects() {
        Optional<List<SystemCallArguments.Register>> registers = registers();
        if (registers.isEmpty()) {
            return List.of();
        }
        List<Subject> subjects = new ArrayList<>();
        if (!call.numbers64().isEmpty()) {
            Optional<Subject> subject = subject(Abi.BITS_64, call.numbers64(), registers.get());
            if (subject.isEmpty()) {
                return List.of();
            }
            subjects.add(subject.get());
        }
        if (!call.numbers32().isEmpty()) {
            Optional<Subject> subject = subject(Abi.BITS_32, call.numbers32(), registers.get());
            if (subject.isEmpty() && subjects.isEmpty()) {
                refuse(call.name(), "the conditions never hold for 32-bit programs, whose registers have 32 bits");
            }
            subject.ifPresent(subjects::add);
        }
        return subjects;
    }

    /** Sequences for the numbers of a call, as a key has them. */
    static Stream<List<GlobToken>> numbers(Collection<Integer> numbers, Abi abi) {
        return numbers.stream().sorted().map(number -> IntegerPatterns.equal(Extractor.systemCall(number, abi == Abi.BITS_32), REGISTER));
    }

    /** The meaning of the registers, if all conditions can be asked. */
    private Optional<List<SystemCallArguments.Register>> registers() {
        String name = call.name().value();
        if (name.equals("clone3")) {
            refuse(call.name(), "clone3 has all its arguments in user memory, where the program can change what a rule has compared; use lsmHooks task_alloc with a condition on clone_flags");
            return Optional.empty();
        }
        if (!call.only32().isEmpty() && !call.numbers32().isEmpty() || !call.call().name().equals(name)) {
            refuse(call.name(), "32-bit programs reach " + call.call().name() + " also by " + String.join(", ", call.only32())
                    + ", with other arguments; write names: [" + call.call().name() + "] and abis: [64], and a rule of its own without conditions for abis: [32]");
            return Optional.empty();
        }
        Optional<List<SystemCallArguments.Register>> registers = SystemCallArguments.of(name);
        if (registers.isEmpty()) {
            refuse(call.name(), "the arguments of the system call " + name + " are not known, so there can be no conditions on them");
            return Optional.empty();
        }
        boolean isRefused = false;
        for (Condition condition : call.rule().conditions()) {
            Optional<String> refusal = refusal(condition, registers.get());
            refusal.ifPresent(message -> refuse(condition.argument(), message));
            isRefused |= refusal.isPresent();
        }
        return isRefused ? Optional.empty() : registers;
    }

    private Optional<String> refusal(Condition condition, List<SystemCallArguments.Register> registers) {
        String argument = condition.argument().value();
        String name = call.name().value();
        int index = index(argument, registers);
        if (index < 0) {
            return Optional.of(unknown(name, argument, registers));
        }
        if (condition.test() instanceof Condition.Test.Matches) {
            return Optional.of("argument " + argument + " of " + name + " is " + registers.get(index).text() + (registers.get(index).isPointer()
                    ? ", where the program can change what a rule has compared; compare the argument of an LSM hook (lsmHooks), which is the kernel's own copy"
                    : ", which globs do not match; use equals, mask or range"));
        }
        if (!call.numbers32().isEmpty() && !SystemCallArguments.isSame32(name, index)) {
            return Optional.of("32-bit programs pass argument " + argument + " of " + name + " otherwise; write abis: [64], and a rule of its own for abis: [32]");
        }
        return Optional.empty();
    }

    /** Why a call has no such argument. */
    static String unknown(String call, String argument, List<SystemCallArguments.Register> registers) {
        List<String> names = registers.stream().map(SystemCallArguments.Register::name).toList();
        return "the system call " + call + " has no argument " + argument + "; it has "
                + IntStream.range(0, names.size()).mapToObj(i -> i + " (" + names.get(i) + ")").collect(Collectors.joining(", "))
                + Nearest.hint(argument, names);
    }

    /** Which register an argument is in, by its name or index; -1 for none. */
    static int index(String argument, List<SystemCallArguments.Register> registers) {
        if (argument.chars().allMatch(Character::isDigit)) {
            return Integer.parseInt(argument) < registers.size() ? Integer.parseInt(argument) : -1;
        }
        return registers.stream().map(SystemCallArguments.Register::name).toList().indexOf(argument);
    }

    /** The calls with one of the numbers that meet the conditions; empty when none can, or something is refused. */
    private Optional<Subject> subject(Abi abi, Set<Integer> numbers, List<SystemCallArguments.Register> registers) {
        Map<Extractor, List<List<GlobToken>>> sequences = new LinkedHashMap<>();
        sequences.put(Extractor.SYSTEM_CALL, numbers(numbers, abi).toList());
        for (Condition condition : call.rule().conditions()) {
            int index = index(condition.argument().value(), registers);
            IntegerConditions integers = integers(registers.get(index), abi);
            Optional<Problem> refusal = abi == Abi.BITS_64 ? integers.refusal(condition.argument().value(), condition.test()) : Optional.empty();
            if (refusal.isPresent()) {
                builder.refuse(refusal.get());
                return Optional.empty();
            }
            Extractor extractor = Extractor.register(index);
            List<List<GlobToken>> values = registerSequences(integers, condition);
            List<List<GlobToken>> both = sequences.containsKey(extractor) ? IntegerConditions.both(sequences.get(extractor), values) : values;
            if (both.isEmpty()) {
                if (abi == Abi.BITS_64) {
                    refuse(condition.argument(), "the conditions on " + condition.argument().value() + " cannot hold together");
                }
                return Optional.empty();
            }
            sequences.put(extractor, both);
        }
        return Optional.of(new Subject.Arguments(sequences));
    }

    /** The kernel takes as many bits of the register as the argument's type has; for 32-bit programs, no more than 32. */
    private static IntegerConditions integers(SystemCallArguments.Register register, Abi abi) {
        int bits = abi == Abi.BITS_64 ? register.bits() : Math.min(register.bits(), HALF * Byte.SIZE);
        return new IntegerConditions(bits, register.signed(), bits / Byte.SIZE);
    }

    /** What is above the type's bits can be anything. */
    private static List<List<GlobToken>> registerSequences(IntegerConditions integers, Condition condition) {
        List<GlobToken> above = IntegerPatterns.any(REGISTER - integers.width());
        return integers.sequences(condition.test()).stream().map(sequence -> Stream.concat(above.stream(), sequence.stream()).toList()).toList();
    }

    private void refuse(Located<String> name, String message) {
        builder.refuse(Problem.at(name.at(), message));
    }
}
