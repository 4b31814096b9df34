package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.model.Abi;
import io.bpfguard.policy.model.Condition;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.IntegerPatterns;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.model.Rule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Lowers a system call to its number and arguments, looked at inside the LSM hooks that it passes. */
record SystemCallLowering(Lowering.Builder builder) {
    /** The width of a register in the keys, in bytes. */
    private static final int REGISTER = Extractor.WIDTH;
    private static final int HALF = REGISTER / 2;

    /** What the lowering of one call knows of it. */
    private record Call(Located<String> name, GatedCall row, Rule.SystemCalls rule) {
        boolean has(Abi abi) {
            return rule.abis().contains(abi);
        }
    }

    void add(Rule.SystemCalls rule) {
        rule.names().forEach(name -> add(name, rule));
    }

    private void add(Located<String> name, Rule.SystemCalls rule) {
        Optional<SystemCall> call = SystemCalls.named(name.value());
        if (call.isEmpty()) {
            refuse(name, "there is no system call \"" + name.value() + "\""
                    + Nearest.hint(name.value(), SystemCalls.names()));
            return;
        }
        Optional<GatedCall> row = SystemCallGates.of(name.value());
        if (row.isEmpty()) {
            refuse(name, "the system call " + name.value() + " passes no LSM hook that covers every use of it, so this node cannot "
                    + builder.word() + " it; a rule on what it does (files, mounts, capabilities, lsmHooks) or on a kernel function inside it may");
            return;
        }
        List<Subject> subjects = subjects(new Call(name, row.get(), rule));
        if (subjects.isEmpty()) {
            return;
        }
        String mechanism = rule.conditions().isEmpty() ? " by system call" : " by system call and arguments";
        Matcher matcher = rule.conditions().isEmpty() ? Matcher.SYSTEM_CALL : Matcher.ARGUMENTS;
        for (Gate gate : row.get().gates()) {
            Optional<String> hook = gate.hooks().stream().filter(builder.node()::hasLsmHook).findFirst();
            if (hook.isPresent()) {
                subjects.forEach(subject -> builder.add(new LsmHook(hook.get()), matcher, subject, builder.action(),
                        "lsm/" + hook.get() + mechanism, row.get().note()));
            } else if (gate.required()) {
                refuse(name, "the system call " + name.value() + " is caught in the LSM hook "
                        + String.join(" or ", gate.hooks())
                        + ", which the kernel of this node (" + builder.node().kernelRelease() + ") does not have");
            }
        }
    }

    /** Empty when something is refused. */
    private List<Subject> subjects(Call call) {
        Set<Integer> numbers64 = call.has(Abi.BITS_64) ? numbers64(call.row()) : Set.of();
        Set<Integer> numbers32 = call.has(Abi.BITS_32) ? numbers32(call.row()) : Set.of();
        if (numbers64.isEmpty() && numbers32.isEmpty()) {
            refuse(call.name(), "no " + call.rule().abis().iterator().next().word() + "-bit program can make the system call " + call.name().value());
            return List.of();
        }
        if (call.rule().conditions().isEmpty()) {
            return List.of(new Subject.SystemCalls(numbers64, numbers32));
        }
        Optional<List<SystemCallArguments.Register>> registers = registers(call, numbers32);
        if (registers.isEmpty()) {
            return List.of();
        }
        List<Subject> subjects = new ArrayList<>();
        if (!numbers64.isEmpty()) {
            Optional<Subject> subject = subject(call, Abi.BITS_64, numbers64, registers.get());
            if (subject.isEmpty()) {
                return List.of();
            }
            subjects.add(subject.get());
        }
        if (!numbers32.isEmpty()) {
            Optional<Subject> subject = subject(call, Abi.BITS_32, numbers32, registers.get());
            if (subject.isEmpty() && numbers64.isEmpty()) {
                refuse(call.name(), "the conditions never hold for 32-bit programs, whose registers have 32 bits");
                return List.of();
            }
            subject.ifPresent(subjects::add);
        }
        return subjects;
    }

    /** The meaning of the registers, if all conditions can be asked. */
    private Optional<List<SystemCallArguments.Register>> registers(Call call, Set<Integer> numbers32) {
        String name = call.name().value();
        if (name.equals("clone3")) {
            refuse(call.name(), "clone3 has all its arguments in user memory, where the program can change what a rule has compared; use the family namespaces, or lsmHooks task_alloc with a condition on clone_flags");
            return Optional.empty();
        }
        if (!call.row().only32().isEmpty() && !numbers32.isEmpty() || !call.row().name().equals(name)) {
            refuse(call.name(), "32-bit programs reach " + call.row().name() + " also by " + String.join(", ", call.row().only32())
                    + ", with other arguments; write names: [" + call.row().name() + "] and abis: [64], and a rule of its own without conditions for abis: [32]");
            return Optional.empty();
        }
        Optional<List<SystemCallArguments.Register>> registers = SystemCallArguments.of(name);
        if (registers.isEmpty()) {
            refuse(call.name(), "the arguments of the system call " + name + " are not known, so there can be no conditions on them");
            return Optional.empty();
        }
        boolean isRefused = false;
        for (Condition condition : call.rule().conditions()) {
            Optional<String> refusal = refusal(call, condition, registers.get(), !numbers32.isEmpty());
            refusal.ifPresent(message -> refuse(condition.argument(), message));
            isRefused |= refusal.isPresent();
        }
        return isRefused ? Optional.empty() : registers;
    }

    private static Optional<String> refusal(Call call, Condition condition, List<SystemCallArguments.Register> registers, boolean for32) {
        String argument = condition.argument().value();
        String name = call.name().value();
        int index = index(argument, registers);
        if (index < 0) {
            List<String> names = registers.stream().map(SystemCallArguments.Register::name).toList();
            return Optional.of("the system call " + name + " has no argument " + argument + Nearest.hint(argument, names) + "; it has "
                    + IntStream.range(0, names.size()).mapToObj(i -> i + " (" + names.get(i) + ")").collect(Collectors.joining(", ")));
        }
        if (condition.test() instanceof Condition.Test.Matches) {
            return Optional.of("argument " + argument + " of " + name + " is " + registers.get(index).text() + (registers.get(index).isPointer()
                    ? ", where the program can change what a rule has compared; compare the argument of an LSM hook (lsmHooks), which is the kernel's own copy"
                    : ", which globs do not match; use equals, mask or range"));
        }
        if (for32 && !SystemCallArguments.isSame32(name, index)) {
            return Optional.of("32-bit programs pass argument " + argument + " of " + name + " otherwise; write abis: [64], and a rule of its own for abis: [32]");
        }
        return Optional.empty();
    }

    private static int index(String argument, List<SystemCallArguments.Register> registers) {
        if (argument.chars().allMatch(Character::isDigit)) {
            return Integer.parseInt(argument) < registers.size() ? Integer.parseInt(argument) : -1;
        }
        return registers.stream().map(SystemCallArguments.Register::name).toList().indexOf(argument);
    }

    /** The calls with one of the numbers that meet the conditions; empty when none can, or something is refused. */
    private Optional<Subject> subject(Call call, Abi abi, Set<Integer> numbers, List<SystemCallArguments.Register> registers) {
        Map<Extractor, List<List<GlobToken>>> sequences = new LinkedHashMap<>();
        sequences.put(Extractor.SYSTEM_CALL, numbers.stream().sorted()
                .map(number -> IntegerPatterns.equal(Extractor.systemCall(number, abi == Abi.BITS_32), REGISTER)).toList());
        for (Condition condition : call.rule().conditions()) {
            int index = index(condition.argument().value(), registers);
            SystemCallArguments.Register register = registers.get(index);
            if (abi == Abi.BITS_64) {
                Optional<Problem> refusal = integers(register, abi).refusal(condition.argument().value(), condition.test());
                if (refusal.isPresent()) {
                    builder.refuse(refusal.get());
                    return Optional.empty();
                }
            }
            Extractor extractor = Extractor.register(index);
            List<List<GlobToken>> values = registerSequences(integers(register, abi), condition);
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

    private static Set<Integer> numbers64(GatedCall row) {
        SystemCall call = SystemCalls.named(row.name()).orElseThrow();
        Set<Integer> numbers = new HashSet<>();
        call.number64().ifPresent(numbers::add);
        call.numberX32().ifPresent(numbers::add);
        return numbers;
    }

    private static Set<Integer> numbers32(GatedCall row) {
        SystemCall call = SystemCalls.named(row.name()).orElseThrow();
        Set<Integer> numbers = new HashSet<>();
        Stream.concat(Stream.of(call), row.only32().stream().map(name -> SystemCalls.named(name).orElseThrow()))
                .forEach(one -> one.number32().ifPresent(numbers::add));
        return numbers;
    }

    private void refuse(Located<String> name, String message) {
        builder.refuse(Problem.at(name.at(), message));
    }
}
