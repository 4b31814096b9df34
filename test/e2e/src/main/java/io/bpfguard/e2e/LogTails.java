package io.bpfguard.e2e;

import io.bpfguard.e2e.node.Shell;
import java.io.PrintStream;
import java.nio.file.Path;

/** The ends of the logs that matter when something failed; the kernel's from when this was made. */
final class LogTails {
    private static final String LINES = "50";
    /** What the kernel said while it booted is of no interest. */
    private static final String KERNEL = "dmesg | awk -F'[][ ]+' '$2 > %s' | tail -n " + LINES;

    /** Seconds since boot. */
    private final String start = Shell.must("cut", "-d ", "-f1", "/proc/uptime").strip();

    void print(PrintStream out, Path... logs) {
        for (var log : logs) {
            section(out, log.toString(), "tail", "-n", LINES, log.toString());
        }
        section(out, "the kernel's log", "/bin/sh", "-c", KERNEL.formatted(start));
    }

    private static void section(PrintStream out, String title, String... command) {
        out.println("---- last lines of " + title);
        out.println(Shell.run(command).output().strip());
        out.println("----");
    }
}
