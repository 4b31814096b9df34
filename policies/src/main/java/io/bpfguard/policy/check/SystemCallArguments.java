package io.bpfguard.policy.check;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What the registers of a system call mean, by name; the table is made by {@code policies/build/system-call-arguments}. The
 * kernel looks at no more bits of a register than the argument's type has, so no rule may either.
 */
final class SystemCallArguments {
    /**
     * An argument.
     *
     * @param name as the kernel calls it
     * @param bits how many of the register's count
     * @param signed whether they have a sign
     * @param isPointer whether it is the address of something in user memory
     */
    record Register(String name, int bits, boolean signed, boolean isPointer) {
        /** As C would write the type. */
        String text() {
            return isPointer ? "a pointer into user memory" : "a number of " + bits + " bits";
        }
    }

    /**
     * Calls that take some arguments otherwise when a 32-bit program makes them, and from which argument on: 64-bit numbers
     * come in two registers (arch/x86/kernel/sys_ia32.c), clone has its last two the other way round (CLONE_BACKWARDS), and
     * select has one, which points to all.
     */
    private static final Map<String, Integer> DIFFERENT32 = Map.ofEntries(Map.entry("clone", 3), Map.entry("fadvise64", 1),
            Map.entry("fallocate", 2), Map.entry("fanotify_mark", 2), Map.entry("lookup_dcookie", 0), Map.entry("pread64", 3),
            Map.entry("preadv", 3), Map.entry("preadv2", 3), Map.entry("pwrite64", 3), Map.entry("pwritev", 3),
            Map.entry("pwritev2", 3), Map.entry("readahead", 1), Map.entry("select", 0), Map.entry("sync_file_range", 1));

    private static final Map<String, List<Register>> BY_NAME = load();

    private SystemCallArguments() {}

    /** The arguments of a call, from the first; empty where they are not known. */
    static Optional<List<Register>> of(String call) {
        return Optional.ofNullable(BY_NAME.get(call));
    }

    /** Whether an argument is in the same register, with the same meaning, for 32-bit programs. */
    static boolean isSame32(String call, int index) {
        return index < DIFFERENT32.getOrDefault(call, Integer.MAX_VALUE);
    }

    private static Map<String, List<Register>> load() {
        try (InputStream in = SystemCallArguments.class.getResourceAsStream("system-call-arguments")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().map(line -> line.split(" "))
                    .collect(Collectors.toUnmodifiableMap(columns -> columns[0],
                            columns -> Arrays.stream(columns).skip(1).map(SystemCallArguments::register).toList()));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the table of system call arguments", e);
        }
    }

    private static Register register(String column) {
        int colon = column.indexOf(':');
        String type = column.substring(0, colon);
        boolean isPointer = type.equals("p");
        return new Register(column.substring(colon + 1), isPointer ? Long.SIZE : Integer.parseInt(type.substring(1)), type.startsWith("i"), isPointer);
    }
}
