package io.bpfguard.cli;

import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.read.PolicyReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Parameters;

/** The policies that a command looks at: files and directories, by whoever they were written. */
final class PolicyFiles {
    @Parameters(paramLabel = "FILE", arity = "0..*", defaultValue = "/etc/bpfguard/policies.d",
            description = "Policy files, and directories of them (*.yaml, *.yml) (default: ${DEFAULT-VALUE}).")
    private List<Path> paths = List.of();

    /** All policies of all files, or all that is wrong with their language. */
    PolicySet read() throws PolicyException {
        List<ContainerPolicy> policies = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        for (Path path : paths) {
            for (Path file : files(path)) {
                try {
                    policies.addAll(PolicyReader.read(file.toString(), bytes(file)).policies());
                } catch (PolicyException wrong) {
                    problems.addAll(wrong.problems());
                }
            }
        }
        if (!problems.isEmpty()) {
            throw new PolicyException(problems);
        }
        return new PolicySet(policies);
    }

    private static List<Path> files(Path path) throws PolicyException {
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.filter(entry -> entry.toString().endsWith(".yaml") || entry.toString().endsWith(".yml"))
                    .filter(entry -> !entry.getFileName().toString().startsWith(".")).sorted().toList();
        } catch (IOException failure) {
            throw unreadable(path, failure);
        }
    }

    private static byte[] bytes(Path file) throws PolicyException {
        try {
            return Files.readAllBytes(file);
        } catch (IOException failure) {
            throw unreadable(file, failure);
        }
    }

    private static PolicyException unreadable(Path path, IOException failure) {
        String reason = failure instanceof java.nio.file.NoSuchFileException ? "is not there" : "cannot be read: " + failure.getMessage();
        return new PolicyException(List.of(Problem.at(Position.startOf(path.toString()), reason)));
    }
}
