package io.bpfguard.policy.check;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The system calls of x86 by name; the table is made by {@code policies/build/system-calls}. */
public final class SystemCalls {
    private static final Map<String, SystemCall> BY_NAME = load();

    private SystemCalls() {}

    /** The call of this name. */
    public static Optional<SystemCall> named(String name) {
        return Optional.ofNullable(BY_NAME.get(name));
    }

    /** All names. */
    public static Set<String> names() {
        return BY_NAME.keySet();
    }

    /** The calls that LSM hooks deny: every name under which programs reach them, and the one that stands for all of these. */
    public static Map<String, String> gated() {
        return SystemCallGates.names().stream().collect(Collectors.toUnmodifiableMap(Function.identity(),
                name -> SystemCallGates.of(name).orElseThrow().name()));
    }

    private static Map<String, SystemCall> load() {
        try (InputStream in = SystemCalls.class.getResourceAsStream("system-calls")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().map(SystemCalls::call)
                    .collect(Collectors.toUnmodifiableMap(SystemCall::name, Function.identity()));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the table of system calls", e);
        }
    }

    private static SystemCall call(String line) {
        String[] columns = line.split(" ");
        return new SystemCall(columns[0], number(columns[1]), number(columns[2]), number(columns[3]));
    }

    private static OptionalInt number(String text) {
        return text.equals("-") ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(text));
    }
}
