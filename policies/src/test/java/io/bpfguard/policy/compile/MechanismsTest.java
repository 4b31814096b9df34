package io.bpfguard.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.RecordedKernel;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.read.PolicyReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/mechanisms.md} says what {@code bpfguard explain} says; with {@code -Dbpfguard.write=true} it is written anew. */
class MechanismsTest {
    private static final Path LIBRARY = Path.of("library");
    private static final Path DOCUMENT = Path.of("../docs/mechanisms.md");
    private static final String INTRODUCTION = """
            # What enforces the policies of the library

            What `bpfguard explain` says of each rule of [the library](../policies/library) on the kernels of Debian 12, 13 and 14. A unit test compares
            this file with the program; after a change, `mvn -pl policies test -Dtest=MechanismsTest -Dbpfguard.write=true` writes it anew.
            """;

    @Test
    void theDocumentIsWhatExplainSays() throws IOException {
        StringBuilder text = new StringBuilder(INTRODUCTION);
        for (String name : RecordedKernel.NAMES) {
            RecordedKernel kernel = RecordedKernel.of(name);
            text.append("\n## ").append(kernel.kernelRelease()).append("\n\n")
                    .append("| policy | rule | prevents | effect | mechanism | not covered, and other notes |\n|---|---|---|---|---|---|\n");
            library().forEach(file -> rows(file, kernel).forEach(row -> text.append(row).append('\n')));
        }
        if (Boolean.getBoolean("bpfguard.write")) {
            Files.writeString(DOCUMENT, text);
        }
        assertThat(DOCUMENT).content().isEqualTo(text.toString());
    }

    private static List<Path> library() throws IOException {
        try (Stream<Path> files = Files.list(LIBRARY)) {
            return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
        }
    }

    private static List<String> rows(Path file, RecordedKernel kernel) {
        try {
            PolicySet policies = PolicyReader.read(file.getFileName().toString(), Files.readAllBytes(file));
            List<String> rows = new ArrayList<>();
            for (Explain.Row row : Explain.rows(Checker.check(policies, kernel), kernel)) {
                rows.add(line(row.policy(), row.rule(), row.prevents().words(), row.effect(), row.mechanism(), row.note()));
            }
            return rows;
        } catch (PolicyException refused) {
            return refused.problems().stream().map(problem -> line(file.getFileName().toString(), "", "refused", "", "", problem.toString())).toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String line(String... cells) {
        return "| " + String.join(" | ", Stream.of(cells).map(cell -> cell.replace("|", "\\|")).toList()) + " |";
    }
}
