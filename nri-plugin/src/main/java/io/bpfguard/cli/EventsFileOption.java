package io.bpfguard.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where the agent keeps events. */
final class EventsFileOption {
    @Option(names = "--events-file", paramLabel = "FILE", defaultValue = "/var/log/bpfguard/events.json",
            description = "File of events; full ones are beside it as FILE.1, FILE.2 (default: ${DEFAULT-VALUE}).")
    Path path;
}
