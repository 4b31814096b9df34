package io.bpfguard.policy.model;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Names of numbers that programs and the kernel share: {@code O_RDWR}, {@code CLONE_NEWUSER}. Made by {@code policies/build/constants}. */
public final class KernelConstants {
    private static final Map<String, Long> VALUES = load();

    private KernelConstants() {}

    /** The value of a name. */
    public static Optional<Long> value(String name) {
        return Optional.ofNullable(VALUES.get(name));
    }

    /** All names. */
    public static Set<String> names() {
        return VALUES.keySet();
    }

    private static Map<String, Long> load() {
        try (InputStream in = KernelConstants.class.getResourceAsStream("constants")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().map(line -> line.split(" "))
                    .collect(Collectors.toUnmodifiableMap(columns -> columns[0], columns -> columns[1].startsWith("0x") ? Long.parseUnsignedLong(columns[1], 2, columns[1].length(), 16)
                            : Long.parseLong(columns[1])));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the table of constants", e);
        }
    }
}
