package io.bpfguard.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where the kernel's state is pinned. */
final class KernelStateOption {
    static final String DEFAULT = "/sys/fs/bpf/bpfguard";

    @Option(names = "--bpffs", paramLabel = "DIR", defaultValue = DEFAULT,
            description = "Directory in a bpffs that holds the state in the kernel (default: ${DEFAULT-VALUE}).")
    Path path;

    /** What to say where there is no state. */
    String nothing() {
        return "bpfguard: nothing is enforced on this node: there is no state below " + path + "; start the agent";
    }
}
