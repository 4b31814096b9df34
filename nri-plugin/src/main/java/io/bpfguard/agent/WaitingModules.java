package io.bpfguard.agent;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.bpfguard.policy.compile.WaitingRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What waits for modules of the kernel, written down in the agent's run directory for {@code bpfguard status}: nothing of it is in
 * the kernel yet.
 */
public final class WaitingModules {
    private static final Logger LOG = LoggerFactory.getLogger(WaitingModules.class);
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String FILE = "waiting.json";

    /** A function that a rule is about; the names are those in the file. */
    public record Entry(String module, String function, String policy, String rule) {}

    private WaitingModules() {}

    static void write(Path directory, List<WaitingRule> waiting) {
        Path next = directory.resolve(FILE + ".next");
        try {
            MAPPER.writeValue(next.toFile(), waiting.stream()
                    .map(rule -> new Entry(rule.function().module(), rule.function().kernelName(), rule.policy(), rule.rule())).toList());
            Files.move(next, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failure) {
            LOG.warn("what waits for kernel modules could not be written to {}: {}; bpfguard status does not show it", directory, failure.toString());
        }
    }

    /** What the agent wrote last; nothing where there was none. */
    public static List<Entry> read(Path directory) {
        try {
            return MAPPER.readValue(Files.readAllBytes(directory.resolve(FILE)), new TypeReference<List<Entry>>() {});
        } catch (NoSuchFileException none) {
            return List.of();
        } catch (IOException failure) {
            throw new java.io.UncheckedIOException("reading " + directory.resolve(FILE), failure);
        }
    }
}
