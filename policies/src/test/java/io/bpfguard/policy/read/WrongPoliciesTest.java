package io.bpfguard.policy.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each wrong policy is refused at its place, with one sentence. */
class WrongPoliciesTest {
    private static final Pattern TITLE = Pattern.compile("=== (spec )?(.*)");
    private static final String PLACE = "§";
    private static final String PRELUDE = "apiVersion: bpfguard.io/v1\nkind: ContainerPolicy\nmetadata:\n  name: wrong\nspec:\n";

    record Wrong(String title, String yaml, int line, int column, String message) {
        @Override
        public String toString() {
            return title;
        }
    }

    static List<Wrong> wrong() throws IOException {
        List<Wrong> cases = new ArrayList<>();
        for (String block : resource("wrong.txt").split("(?m)^(?==== )")) {
            Matcher title = TITLE.matcher(block.lines().findFirst().orElseThrow());
            if (title.matches()) {
                String marked = (title.group(1) == null ? "" : PRELUDE)
                        + block.substring(block.indexOf('\n') + 1, block.length() - 1).replace("\\t", "\t")
                                .replace("\\0", "\u0001");
                String before = marked.substring(0, marked.indexOf(PLACE));
                int line = (int) before.chars().filter(character -> character == '\n').count() + 1;
                cases.add(new Wrong(title.group(), marked.replace(PLACE, ""), line,
                        before.length() - before.lastIndexOf('\n'), title.group(2)));
            }
        }
        return cases;
    }

    static String resource(String name) throws IOException {
        try (InputStream in = WrongPoliciesTest.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void thereAreMoreThanAHundred() throws IOException {
        assertThat(wrong()).hasSizeGreaterThan(100).extracting(Wrong::yaml).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void isRefusedAtItsPlace(Wrong wrong) {
        List<Problem> problems = problems(wrong.yaml());
        assertThat(problems).anySatisfy(problem -> {
            assertThat(problem.message()).contains(wrong.message());
            assertThat(problem.line() + ":" + problem.column()).isEqualTo(wrong.line() + ":" + wrong.column());
        });
        assertThat(problems).allSatisfy(WrongPoliciesTest::isOneUsefulSentence);
    }

    /** Every line of a good policy with its key misspelt. */
    static Stream<Integer> linesOfTheFullPolicy() throws IOException {
        List<String> lines = resource("full.yaml").lines().toList();
        return IntStream.range(0, lines.size()).filter(i -> lines.get(i).matches("[ -]*[A-Za-z]+:.*")).boxed();
    }

    @ParameterizedTest
    @MethodSource("linesOfTheFullPolicy")
    void aMisspeltKeyIsRefusedInItsLine(int index) throws IOException {
        List<String> lines = new ArrayList<>(resource("full.yaml").lines().toList());
        lines.set(index, lines.get(index).replaceFirst("([A-Za-z]+):", "$1x:"));
        List<Problem> problems = problems(String.join("\n", lines));
        String key = lines.get(index).replaceFirst("[ -]*([A-Za-z]+):.*", "$1");
        if (index > 1) {
            assertThat(problems).anySatisfy(problem -> {
                assertThat(problem.line()).isEqualTo(index + 1);
                assertThat(problem.message()).contains("unknown key \"" + key + "\"")
                        .contains("did you mean \"" + key.substring(0, key.length() - 1) + "\"");
            });
        }
        assertThat(problems).allSatisfy(WrongPoliciesTest::isOneUsefulSentence);
    }

    @ParameterizedTest
    @MethodSource("linesOfTheFullPolicy")
    void aNumberInTheValuesPlaceIsRefusedInItsLine(int index) throws IOException {
        List<String> all = resource("full.yaml").lines().toList();
        String line = all.get(index);
        int indent = line.replaceFirst("[^ -].*", "").length();
        List<String> lines = new ArrayList<>(all.subList(0, index));
        lines.add(line.replaceFirst(":.*", ": 3.5"));
        int next = index + 1;
        while (next < all.size() && all.get(next).replaceFirst("[^ ].*", "").length() > indent) {
            next++;
        }
        lines.addAll(all.subList(next, all.size()));
        assertThat(problems(String.join("\n", lines))).anySatisfy(problem -> {
            assertThat(problem.line()).isEqualTo(index + 1);
            assertThat(problem.message()).contains("3.5");
        });
    }

    @Test
    void allProblemsOfAFileAreSaidInOnePass() {
        List<Problem> problems = problems(PRELUDE + """
                  mode: x
                  mounts: [{action: y, types: ["["]}]
                  files: [{action: deny, paths: [a], wrong: 1}]
                """);
        assertThat(problems).hasSize(5).isSorted();
    }

    private static void isOneUsefulSentence(Problem problem) {
        assertThat(problem.message()).hasSizeGreaterThan(15).doesNotContain("\n", "null,", "Exception",
                "com.fasterxml");
        assertThat(problem.toString()).startsWith("wrong.yaml:" + problem.line() + ":" + problem.column() + ": ");
    }

    private static List<Problem> problems(String yaml) {
        PolicyException refusal = catchThrowableOfType(PolicyException.class,
                () -> PolicyReader.read("wrong.yaml", yaml.getBytes(StandardCharsets.UTF_8)));
        assertThat(refusal).as("accepted:%n%s", yaml).isNotNull();
        return refusal.problems();
    }
}
