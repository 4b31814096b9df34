package io.bpfguard.policy.check;

import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Problem;
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

/** What a rule sets the variables of a custom program to, as bytes. Confined to one thread. */
final class ProgramValues {
    private final ProgramFile file;
    private final Map<String, byte[]> constants = new TreeMap<>();
    private final List<Problem> problems = new ArrayList<>();

    /** No values yet, for the variables of this program. */
    ProgramValues(ProgramFile file) {
        this.file = file;
    }

    /** The bytes by variable, as many as it has. */
    Map<String, byte[]> constants() {
        return constants;
    }

    /** What is wrong with parameters. */
    List<Problem> problems() {
        return problems;
    }

    /** Takes the value of a parameter. */
    void set(Parameter parameter) {
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
        problems.add(Problem.at(at.at(), message));
    }
}
