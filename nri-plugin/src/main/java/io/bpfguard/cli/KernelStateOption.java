package io.bpfguard.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where the kernel's state is pinned. */
final class KernelStateOption {
    static final String DEFAULT = "/sys/fs/bpf/bpfguard";

    @Option(names = "--bpffs", paramLabel = "DIR", defaultValue = DEFAULT,
            description = "Directory in a bpffs that holds the state in the kernel (default: ${DEFAULT-VALUE}).")
    Path path;
}
