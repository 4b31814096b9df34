package io.bpfguard.policy.read;

import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Reads policy files. Has no state; may be used by any thread. */
public final class PolicyReader {
    private PolicyReader() {}

    /** The policies of a directory on a node, where {@linkplain FileRules#ROOT root must have written them}. */
    public static PolicySet readDirectory(Path directory) throws PolicyException {
        return readDirectory(directory, FileRules.ROOT);
    }

    /**
     * The policies of the files {@code *.yaml} and {@code *.yml} in a directory, in the order of their names. Other files,
     * directories below and names that begin with a dot are not looked at. A directory that somebody writes to at the same time is
     * read again.
     */
    public static PolicySet readDirectory(Path directory, FileRules rules) throws PolicyException {
        return FileRules.again(() -> readOnce(directory, rules));
    }

    private static PolicySet readOnce(Path directory, FileRules rules) throws PolicyException, FileRules.Racing {
        rules.checkDirectory(directory);
        List<ContainerPolicy> policies = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        for (Path file : policyFiles(directory)) {
            try {
                policies.addAll(read(file.toString(), rules.read(file)).policies());
            } catch (PolicyException e) {
                problems.addAll(e.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new PolicyException(problems);
        }
        return new PolicySet(policies);
    }

    /** The policies of one file's content; {@code fileName} is for messages. */
    public static PolicySet read(String fileName, byte[] content) throws PolicyException {
        ProblemList problems = new ProblemList();
        List<ContainerPolicy> policies = new ArrayList<>();
        PolicyDocument reader = new PolicyDocument(problems);
        for (YamlNode document : documents(fileName, content, problems)) {
            reader.read(document).ifPresent(policies::add);
        }
        problems.throwIfAny();
        return new PolicySet(policies);
    }

    /** The documents of one file's content that are not empty. */
    static List<YamlNode> documents(String fileName, byte[] content, ProblemList problems) throws PolicyException {
        if (content.length > FileRules.MAX_SIZE) {
            problems.add(Position.startOf(fileName), FileRules.tooLarge(FileRules.MAX_SIZE));
            problems.throwIfAny();
        }
        String text = decode(fileName, content, problems);
        problems.throwIfAny();
        return YamlTree.documents(fileName, text, problems).stream().filter(document -> !isEmpty(document)).toList();
    }

    private static List<Path> policyFiles(Path directory) throws PolicyException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (!name.startsWith(".") && (name.endsWith(".yaml") || name.endsWith(".yml"))) {
                    files.add(entry);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new PolicyException(List.of(Problem.at(Position.startOf(directory.toString()), "cannot be read: "
                    + e.getMessage())));
        }
        files.sort(Comparator.comparing(file -> file.getFileName().toString()));
        return files;
    }

    /** The text of UTF-8 bytes, without a byte order mark. */
    private static String decode(String fileName, byte[] content, ProblemList problems) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT);
        ByteBuffer bytes = ByteBuffer.wrap(content);
        CharBuffer characters = CharBuffer.allocate(content.length);
        if (decoder.decode(bytes, characters, true).isError()) {
            String before = characters.flip().toString();
            problems.add(TextPlace.of(fileName, before, before.codePointCount(0, before.length())),
                    "is not UTF-8 text: byte 0x%02x has no meaning here".formatted(content[bytes.position()]));
            return "";
        }
        String text = characters.flip().toString();
        return text.startsWith("\ufeff") ? text.substring(1) : text;
    }

    private static boolean isEmpty(YamlNode document) {
        return document instanceof YamlNode.Scalar(String text, boolean quoted, _) && !quoted && text.isEmpty();
    }
}
