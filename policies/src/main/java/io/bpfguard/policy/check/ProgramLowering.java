package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.FunctionProgram;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.model.Rule;
import io.bpfguard.policy.model.Rule.Programs.Parameter;
import io.bpfguard.policy.model.Rule.Programs.Value;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Lowers a rule on a custom program to a step at the place that the program was written for. */
record ProgramLowering(Lowering.Builder builder) {
    private static final String NOTE = "What the program looks at and when it applies is the program's own.";

    void add(Rule.Programs rule) {
        switch (builder.node().program(rule.object().value())) {
            case ProgramSupport.Unseen _ -> { }
            case ProgramSupport.Refused(String reason) -> refuse(rule.object(), "the program " + rule.object().value() + " " + reason);
            case ProgramSupport.Usable(ProgramFile file) -> {
                Map<String, byte[]> constants = new TreeMap<>();
                rule.parameters().forEach(parameter -> set(file, parameter, constants));
                place(rule.object(), file, new Subject.Program(file.with(constants)));
            }
        }
    }

    private void place(Located<String> object, ProgramFile file, Subject.Program subject) {
        if (file.place() == ProgramFile.Place.LSM) {
            HookRules.refusal(file.target(), builder.node()).ifPresentOrElse(reason -> refuse(object, "the program " + file.name() + ": " + reason),
                    () -> add(new LsmHook(file.target()), file, subject, builder.action(), List.of()));
            return;
        }
        FunctionLowering functions = new FunctionLowering(builder, List.of());
        FunctionLowering.Place at = FunctionLowering.Place.of(new KernelFunction(file.target()), builder.node());
        KernelFunction function = at.function();
        FunctionSupport support = at.support();
        if (!(support instanceof FunctionSupport.Traceable || support instanceof FunctionSupport.Deniable)) {
            refuse(object, "the program " + file.name() + ": " + functions.whyNot(function, support));
            return;
        }
        boolean prevents = file.place() == ProgramFile.Place.FMOD_RET;
        if (prevents && !(support instanceof FunctionSupport.Deniable)) {
            refuse(object, "the program " + file.name() + " is written to be attached in place of " + function.kernelName()
                    + ", which the kernel of this node (" + builder.node().kernelRelease() + ") does not allow: "
                    + functions.whyNoDeny(function, support) + "; write it with FENTRY_PROGRAM and the rule with action kill or audit, or at an LSM hook");
            return;
        }
        boolean denies = prevents && functions.canDeny(function, support);
        Optional<Action> action = builder.action() != Action.DENY || denies ? Optional.of(builder.action()) : builder.fallback();
        if (action.isEmpty()) {
            refuse(object, "the program " + file.name() + " cannot deny: " + (prevents ? functions.whyNoDeny(function, support)
                    : "at fentry/" + function.kernelName() + " calls are seen, and not prevented")
                    + "; write fallback: kill or fallback: audit to accept that, or "
                    + (support instanceof FunctionSupport.Deniable && !prevents ? "the program with FMOD_RET_PROGRAM" : "the program at an LSM hook"));
            return;
        }
        List<String> notes = new ArrayList<>();
        if (action.get() == Action.KILL && !denies) {
            notes.add(FunctionLowering.KILL_NOTE);
        }
        if (builder.node().skipsFunctionPrograms()) {
            notes.add(FunctionLowering.SKIP_NOTE);
        }
        notes.add(FunctionLowering.CALLER_NOTE);
        add(new FunctionProgram(function, prevents, subject.program()), file, subject, action.get(), notes);
    }

    private void add(HookPoint point, ProgramFile file, Subject subject, Action action, List<String> notes) {
        List<String> all = new ArrayList<>(notes);
        all.add(NOTE);
        builder.add(point, Matcher.PROGRAM, subject, action, file.place().word() + "/" + point.kernelName() + " by program " + file.name(),
                String.join(" ", all));
    }

    private void set(ProgramFile file, Parameter parameter, Map<String, byte[]> constants) {
        String name = parameter.name().value();
        Optional<ProgramFile.Parameter> variable = file.parameters().stream().filter(one -> one.name().equals(name)).findFirst();
        if (variable.isEmpty()) {
            List<String> known = file.parameters().stream().map(ProgramFile.Parameter::name).toList();
            refuse(parameter.name(), "the program " + file.name() + " has no parameter " + name + Nearest.hint(name, known)
                    + (known.isEmpty() ? "; it has none" : " (known: " + String.join(", ", known) + ")"));
            return;
        }
        bytes(variable.get(), parameter.value()).ifPresent(value -> constants.put(name, value));
    }

    private Optional<byte[]> bytes(ProgramFile.Parameter variable, Located<Value> value) {
        String what = "the parameter " + variable.name();
        switch (variable.kind()) {
            case FLAG -> {
                if (value.value() instanceof Value.Flag(boolean flag)) {
                    return Optional.of(new byte[] {(byte) (flag ? 1 : 0)});
                }
                refuse(value, what + " must be true or false");
            }
            case SIGNED, UNSIGNED -> {
                boolean signed = variable.kind() == ProgramFile.Kind.SIGNED;
                int bits = variable.size() * Byte.SIZE;
                BigInteger lowest = signed ? BigInteger.ONE.shiftLeft(bits - 1).negate() : BigInteger.ZERO;
                BigInteger highest = BigInteger.ONE.shiftLeft(signed ? bits - 1 : bits).subtract(BigInteger.ONE);
                if (!(value.value() instanceof Value.Number(BigInteger number))) {
                    refuse(value, what + " must be a number");
                } else if (number.compareTo(lowest) < 0 || number.compareTo(highest) > 0) {
                    refuse(value, what + " cannot be " + number + "; it goes from " + lowest + " to " + highest);
                } else {
                    return Optional.of(littleEndian(number, variable.size()));
                }
            }
            case TEXT -> {
                if (!(value.value() instanceof Value.Text(String text))) {
                    refuse(value, what + " must be text; write it in quotes");
                } else {
                    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                    if (bytes.length < variable.size()) {
                        return Optional.of(Arrays.copyOf(bytes, variable.size()));
                    }
                    refuse(value, what + " has room for " + (variable.size() - 1) + " bytes and a NUL, and this text has " + bytes.length);
                }
            }
            case OTHER -> refuse(value, what + " cannot be set: the variable is no integer, bool or array of char");
        }
        return Optional.empty();
    }

    private static byte[] littleEndian(BigInteger number, int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = number.shiftRight(i * Byte.SIZE).byteValue();
        }
        return bytes;
    }

    private void refuse(Located<?> at, String message) {
        builder.refuse(Problem.at(at.at(), message));
    }
}
