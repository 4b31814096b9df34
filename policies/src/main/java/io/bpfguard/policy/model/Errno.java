package io.bpfguard.policy.model;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** Names of errors and their numbers on x86-64 ({@code include/uapi/asm-generic/errno.h}). */
public final class Errno {
    /** The error of a denial that names none. */
    public static final int EPERM = 1;
    /** The error where access to a process is refused. */
    public static final int EACCES = 13;
    /** The highest number with a name. */
    public static final int MAX = 133;

    private static final Map<String, Integer> NUMBERS = load();

    private Errno() {}

    /** The number of a name like {@code EACCES}. */
    public static OptionalInt number(String name) {
        Integer number = NUMBERS.get(name);
        return number == null ? OptionalInt.empty() : OptionalInt.of(number);
    }

    /** The first name of a number, or the number itself where it has none. */
    public static String name(int number) {
        return NUMBERS.entrySet().stream().filter(entry -> entry.getValue() == number).map(Map.Entry::getKey)
                .findFirst().orElse(Integer.toString(number));
    }

    /** All names. */
    public static Set<String> names() {
        return NUMBERS.keySet();
    }

    private static Map<String, Integer> load() {
        Map<String, Integer> numbers = new LinkedHashMap<>();
        try (InputStream in = Errno.class.getResourceAsStream("errno")) {
            new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().forEach(line -> {
                int space = line.indexOf(' ');
                numbers.put(line.substring(0, space), Integer.valueOf(line.substring(space + 1)));
            });
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the table of errors", e);
        }
        return Collections.unmodifiableMap(numbers);
    }
}
