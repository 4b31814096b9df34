package io.bpfguard.bpf.libbpf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How many CPUs the kernel may ever have: the number of slots in a value of a per-CPU map. */
final class Cpus {
    private static final Path POSSIBLE = Path.of("/sys/devices/system/cpu/possible");

    private Cpus() {}

    static int possible() {
        try {
            return count(Files.readString(POSSIBLE));
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + POSSIBLE + " (is sysfs mounted?)", e);
        }
    }

    /** Counts a CPU list such as {@code 0-3,8} (Documentation/admin-guide/cputopology.rst). */
    static int count(String list) {
        int count = 0;
        for (String range : list.strip().split(",")) {
            String[] ends = range.split("-");
            count += Integer.parseInt(ends[ends.length - 1]) - Integer.parseInt(ends[0]) + 1;
        }
        return count;
    }
}
