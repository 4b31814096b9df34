package io.bpfguard.e2e;

import io.bpfguard.e2e.node.Shell;
import java.io.PrintStream;
import java.nio.file.Path;

/** The ends of the logs that matter when something failed. */
final class LogTails {
    private static final String LINES = "50";

    private LogTails() {}

    static void print(PrintStream out, Path... logs) {
        for (var log : logs) {
            section(out, log.toString(), "tail", "-n", LINES, log.toString());
        }
        section(out, "the kernel's log", "/bin/sh", "-c", "dmesg | tail -n " + LINES);
    }

    private static void section(PrintStream out, String title, String... command) {
        out.println("---- last lines of " + title);
        out.println(Shell.run(command).output().strip());
        out.println("----");
    }
}
