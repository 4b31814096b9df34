package io.bpfguard.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.Ruleset;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.ByteSet;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Large sets of globs compile in bounded time, and sets that would explode are refused. */
class ScaleTest {
    private static final Set<PathOperation> EXEC = Set.of(PathOperation.EXEC);

    /** A rule per glob. */
    private static List<NumberedRule> rules(int count, IntFunction<String> glob) {
        return IntStream.range(0, count).mapToObj(i -> Rules.deny(i + 1, Rules.paths(EXEC, glob.apply(i)))).toList();
    }

    private static int decider(Verdicts verdicts, String path) {
        return verdicts.path(path.getBytes(StandardCharsets.UTF_8), PathOperation.EXEC).rule();
    }

    @Test
    @Timeout(60)
    void tenThousandPathsOfTenThousandRules() {
        Ruleset ruleset = Rules.pathRuleset(rules(10_000, i -> "/opt/app" + i % 100 + "/lib/file-" + i + ".so"));
        Verdicts verdicts = new Verdicts(ruleset);
        for (int i = 0; i < 10_000; i += 7) {
            assertThat(decider(verdicts, "/opt/app" + i % 100 + "/lib/file-" + i + ".so")).isEqualTo(i + 1);
            assertThat(decider(verdicts, "/opt/app" + (i + 1) % 100 + "/lib/file-" + i + ".so")).isZero();
        }
        assertThat(ruleset.size()).isLessThan(8 << 20);
    }

    @Test
    @Timeout(60)
    void tenThousandRandomPathsOfOneRule() {
        Random random = new Random(1);
        List<String> globs = IntStream.range(0, 10_000).mapToObj(_ -> "/srv/data/"
                + Integer.toString(random.nextInt() >>> 1, 36)
                + "/" + Integer.toString(random.nextInt() >>> 1, 36)).toList();
        Verdicts verdicts = new Verdicts(Rules.pathRuleset(List.of(Rules.deny(5,
                Rules.paths(EXEC, globs.toArray(String[]::new))))));
        assertThat(globs).allSatisfy(glob -> assertThat(decider(verdicts, glob)).isEqualTo(5));
        assertThat(globs).allSatisfy(glob -> assertThat(decider(verdicts, glob + "z")).isZero());
    }

    @Test
    @Timeout(60)
    void tenThousandNamesAnywhere() {
        Verdicts verdicts = new Verdicts(Rules.pathRuleset(rules(10_000, i -> "**/name" + i)));
        assertThat(decider(verdicts, "/a/b/name77")).isEqualTo(78);
        assertThat(decider(verdicts, "/name9999")).isEqualTo(10_000);
        assertThat(decider(verdicts, "/name9999/x")).isZero();
    }

    @Test
    @Timeout(60)
    void aThousandDirectoriesAnywhereDoNotMultiply() {
        Verdicts verdicts = new Verdicts(Rules.pathRuleset(rules(1_000, i -> "**/dir" + i + "/**")));
        assertThat(decider(verdicts, "/dir900/dir7/dir500/x")).as("one of those that match").isIn(901, 8, 501);
        assertThat(decider(verdicts, "/dir900/dir7")).isEqualTo(901);
        assertThat(decider(verdicts, "/dir1000/x")).isZero();
    }

    @Test
    @Timeout(60)
    void partsOfNamesDoNotMultiply() {
        Verdicts verdicts = new Verdicts(Rules.pathRuleset(rules(200, i -> "/tmp/*part" + i + "*")));
        assertThat(decider(verdicts, "/tmp/part150part30")).isIn(2, 16, 151, 4, 31);
        assertThat(decider(verdicts, "/tmp/part150")).as("part1, part15, part150").isIn(2, 16, 151);
        assertThat(decider(verdicts, "/tmp/part5/x")).isZero();
    }

    @Test
    @Timeout(60)
    void sameEndingsBehindManyDirectoriesDoNotMultiply() {
        List<String> globs = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            globs.add("**/dir" + i + "/**/secret");
        }
        Verdicts verdicts = new Verdicts(Rules.pathRuleset(List.of(Rules.deny(5,
                Rules.paths(EXEC, globs.toArray(String[]::new))))));
        assertThat(decider(verdicts, "/x/dir3/dir199/y/secret")).isEqualTo(5);
        assertThat(decider(verdicts, "/x/dir200/secret")).isZero();
    }

    @Test
    @Timeout(60)
    void whatExplodesIsRefused() {
        List<NumberedRule> rules = rules(40, i -> "**/a" + i + "/**/b" + i);
        assertThatThrownBy(() -> KeyTables.ruleset(Matcher.PATH, rules, verdict -> verdict))
                .isInstanceOf(TooLargeException.class)
                .hasMessageContaining("more than");
    }

    @Test
    @Timeout(60)
    void whatIsTooLargeForTheKernelIsRefused() {
        Random random = new Random(1);
        List<NumberedRule> rules = rules(10_000, _ -> "/" + Long.toString(random.nextLong() >>> 1, 36).repeat(5));
        assertThatThrownBy(() -> KeyTables.ruleset(Matcher.PATH, rules, verdict -> verdict))
                .isInstanceOf(TooLargeException.class)
                .hasMessageContaining("more than 16 MiB of tables");
    }

    @Test
    void theAutomatonIsMinimal() {
        Dfa big = new Dfa(new ByteClasses(Set.of(ByteSet.of('a'))), 4, new int[] {0, 1, 1, 0},
                new int[] {0, 0, 1, 2, 3}, new int[] {0, 1, 1, 1, 0}, new int[] {1, 2, 1, 2, 1});
        Dfa small = Minimizer.minimize(big);
        assertThat(small.states()).as("1 and 2 are the same, 3 is not reached").isEqualTo(2);
        Ruleset one = Rules.pathRuleset(rules(1, _ -> "/{a,b}x"));
        Ruleset other = Rules.pathRuleset(rules(1, _ -> "/{bx,ax}"));
        assertThat(one).isEqualTo(other);
        assertThat(new Verdicts(one).path("/ax".getBytes(StandardCharsets.UTF_8), PathOperation.EXEC).action())
                .isEqualTo(Action.DENY);
    }
}
