package io.bpfguard.policy.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.RecordedKernel;
import io.bpfguard.policy.compile.CompiledPolicies;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.model.Problem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Damaged policies, always the same for a seed: each is refused at a place in its file, or can be compiled and comes back from its
 * file of compiled policies. Nothing else is thrown, and nothing takes for ever. {@code -Dbpfguard.fuzz.policies} sets how many.
 */
class PolicyFuzzTest {
    private static final int COUNT = Integer.getInteger("bpfguard.fuzz.policies", Boolean.getBoolean("bpfguard.long") ? 100_000 : 3000);
    private static final long SEED = 20261129;
    private static final String FILE = "fuzz.yaml";
    /** What YAML, globs and numbers have special forms for. */
    private static final List<String> PIECES = List.of("*", "**", "/**", "?", "[", "[!", "[a-", "{", "{a,", "}", "\\", "\\\\", "\"", "'", "#", ": ", "- ", "|", ">", "&a ", "*a", "<<: *a",
            "!!binary ", "!x ", "%YAML 1.1\n", "---\n", "...\n", "? ", "~", "null", "true", "yes", "-1", "0", "0x", "0xffffffffffffffff", "18446744073709551616", "1e400", ".inf", "08",
            "65536", "0-65535", "9-1", "::/0", "300.1.1.1/8", "10.0.0.0/33", "\t", "\u0000", "\u001b[2J", "\"\\e[2J\\0\"", "\ufeff", "\u2028", "\ud83d\ude00", "\u00e9", "a".repeat(5000), "[".repeat(300),
            "{a: ".repeat(200), "  ".repeat(100), "\n", "\r\n", "\r", " ", ",");

    private static List<String> originals() throws IOException {
        List<String> texts = new ArrayList<>(List.of(WrongPoliciesTest.resource("full.yaml")));
        try (Stream<Path> library = Files.list(Path.of("library"))) {
            for (Path file : (Iterable<Path>) library.filter(path -> path.toString().endsWith(".yaml")).sorted()::iterator) {
                texts.add(Files.readString(file));
            }
        }
        return texts;
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.MINUTES)
    void damagedPoliciesAreRefusedAtAPlaceOrCompiled() throws IOException {
        List<String> originals = originals();
        SplittableRandom random = new SplittableRandom(SEED);
        int accepted = 0;
        for (int i = 0; i < COUNT; i++) {
            byte[] content = damaged(originals, random);
            RecordedKernel kernel = RecordedKernel.of(RecordedKernel.NAMES.get(i % RecordedKernel.NAMES.size()));
            try {
                accepted += compiles(content, kernel) ? 1 : 0;
            } catch (RuntimeException | Error failure) {
                throw new AssertionError("case " + i + ":\n" + new String(content, StandardCharsets.ISO_8859_1), failure);
            }
        }
        System.out.println(accepted + " of " + COUNT + " damaged policies are policies still");
        assertThat(accepted).as("damage that is too tame or too wild").isBetween(COUNT / 50, COUNT * 9 / 10);
    }

    private static boolean compiles(byte[] content, RecordedKernel kernel) {
        try {
            PolicySet policies = PolicyReader.read(FILE, content);
            CheckedPolicies checked = Checker.check(policies, kernel);
            Compiler compiler = new Compiler(checked, kernel);
            compiler.route(checked.policies());
            comesBack(compiler.compiled());
            return true;
        } catch (PolicyException refused) {
            int lines = (int) new String(content, StandardCharsets.ISO_8859_1).lines().count() + 1;
            for (Problem problem : refused.problems()) {
                assertThat(problem.file()).isEqualTo(FILE);
                assertThat(problem.line()).as(problem.toString()).isBetween(1, Math.max(lines, 1));
                assertThat(problem.column()).as(problem.toString()).isPositive();
                assertThat(problem.message()).as(problem.toString()).isNotBlank().doesNotContain("\n", "\u001b", "\u0000");
            }
            return false;
        }
    }

    private static void comesBack(CompiledPolicies compiled) {
        try {
            ByteArrayOutputStream file = new ByteArrayOutputStream();
            compiled.writeTo(file);
            CompiledPolicies read = CompiledPolicies.read(file.toByteArray());
            assertThat(read.digest()).isEqualTo(compiled.digest());
            assertThat(read.names()).isEqualTo(compiled.names());
            assertThat(read.route(read.names()).chains()).isEqualTo(compiled.route(compiled.names()).chains());
        } catch (Exception failure) {
            throw new AssertionError("compiled policies do not come back from their file", failure);
        }
    }

    private static byte[] damaged(List<String> originals, SplittableRandom random) {
        String text = originals.get(random.nextInt(originals.size()));
        for (int damages = random.nextInt(1, 4); damages > 0; damages--) {
            text = random.nextInt(3) == 0 ? inText(text, random) : inLines(text, originals, random);
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (random.nextInt(4) == 0 && bytes.length > 0) {
            int at = random.nextInt(bytes.length);
            if (random.nextBoolean()) {
                bytes[at] ^= (byte) (1 << random.nextInt(8));
            } else {
                bytes = Arrays.copyOf(bytes, at);
            }
        }
        return bytes;
    }

    private static String inText(String text, SplittableRandom random) {
        int from = random.nextInt(text.length() + 1);
        int to = Math.min(text.length(), from + random.nextInt(12));
        String piece = PIECES.get(random.nextInt(PIECES.size()));
        return text.substring(0, from) + (random.nextInt(3) == 0 ? "" : piece) + text.substring(random.nextBoolean() ? from : to);
    }

    private static String inLines(String text, List<String> originals, SplittableRandom random) {
        List<String> lines = new ArrayList<>(text.lines().toList());
        if (lines.isEmpty()) {
            return text;
        }
        int at = random.nextInt(lines.size());
        switch (random.nextInt(6)) {
            case 0 -> lines.remove(at);
            case 1 -> lines.add(at, lines.get(at));
            case 2 -> lines.add(at, lines.remove(random.nextInt(lines.size())));
            case 3 -> lines.set(at, " ".repeat(random.nextInt(1, 5)) + lines.get(at));
            case 4 -> lines.set(at, lines.get(at).replaceFirst("^ {1,2}", ""));
            default -> {
                List<String> others = originals.get(random.nextInt(originals.size())).lines().toList();
                int from = random.nextInt(others.size());
                lines.addAll(at, others.subList(from, Math.min(others.size(), from + random.nextInt(1, 6))));
            }
        }
        return String.join("\n", lines) + "\n";
    }
}
