package io.bpfguard.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where custom programs are. */
final class ProgramsOption {
    @Option(names = "--programs", paramLabel = "DIR", defaultValue = "/etc/bpfguard/programs.d",
            description = "Directory of custom programs (default: ${DEFAULT-VALUE}).")
    Path path;
}
