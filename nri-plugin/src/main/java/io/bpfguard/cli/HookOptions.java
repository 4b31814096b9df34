package io.bpfguard.cli;

import io.bpfguard.install.HostRoot;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which host, and which program. */
final class HookOptions {
    @Option(names = "--launcher", paramLabel = "PATH", description = "The hook's program (default: bin/bpfguard-hook of this installation).")
    private String launcher;

    @Option(names = "--root", paramLabel = "DIR", defaultValue = "/", hidden = true, description = "The directory that holds the host's files.")
    private Path root;

    HostRoot root() {
        return new HostRoot(root);
    }

    /** The program that was named, or the one beside this command: the script that starts it tells its home. */
    Optional<String> launcher() {
        return Optional.ofNullable(launcher).or(() -> Optional.ofNullable(System.getProperty("bpfguard.home")).map(home -> home + "/bin/bpfguard-hook"));
    }
}
