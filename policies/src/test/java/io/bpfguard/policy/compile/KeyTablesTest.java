package io.bpfguard.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.check.Subject;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Key;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.IntegerPatterns;
import io.bpfguard.policy.model.Mode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;

/** Keys of several fields: what a plain comparison of each field says. */
class KeyTablesTest {
    private static final Set<Integer> EXEC = Subject.numbers(Set.of(PathOperation.EXEC));

    /** A field's condition twice: as sequences, and as a plain test. */
    private record Condition(List<List<GlobToken>> sequences, LongPredicate test) {}

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<List<GlobToken>> globs(Glob.Kind kind, String... texts) {
        return Subject.sequences(Rules.globs(kind, List.of(texts)));
    }

    private static Verdicts verdicts(NumberedRule... rules) throws TooLargeException {
        return new Verdicts(KeyTables.ruleset(Matcher.PATH, List.of(rules), verdict -> verdict));
    }

    private static Action exec(Verdicts verdicts, Key key) {
        return verdicts.key(key.bytes(verdicts.fields()), PathOperation.EXEC.ordinal()).action();
    }

    @Test
    void aKeyHasTheFieldsThatRulesAskFor() throws TooLargeException {
        Verdicts paths = verdicts(Rules.deny(1, Rules.paths(Set.of(PathOperation.EXEC), "/a")));
        assertThat(paths.fields()).containsExactly(KeyField.PATH);
        Verdicts both = verdicts(Rules.deny(1, Rules.paths(Set.of(PathOperation.EXEC), "/a")),
                Rules.deny(2, new Subject.Keys(Map.of(KeyField.FILE_KIND, List.of(IntegerPatterns.masked(8, 8, 1))), EXEC)));
        assertThat(both.fields()).containsExactly(KeyField.FILE_KIND, KeyField.PATH);
        assertThat(exec(both, new Key().with(KeyField.PATH, bytes("/a")))).isEqualTo(Action.DENY);
        assertThat(exec(both, new Key().with(KeyField.PATH, bytes("/b")))).isEqualTo(Action.ALLOW);
        assertThat(exec(both, new Key().with(KeyField.PATH, bytes("/b")).with(KeyField.FILE_KIND, 9))).isEqualTo(Action.DENY);
    }

    @Test
    void allConditionsOfARuleHold() throws TooLargeException {
        Verdicts verdicts = verdicts(Rules.deny(1, new Subject.Keys(Map.of(
                KeyField.SOURCE, globs(Glob.Kind.PATH, "/bin/{sh,bash}", "/usr/**"),
                KeyField.PATH, globs(Glob.Kind.PATH, "/tmp/**", "/x")), EXEC)),
                Rules.deny(2, Rules.paths(Set.of(PathOperation.EXEC), "/y")));
        for (String source : List.of("/bin/sh", "/bin/bash", "/bin/zsh", "/usr/bin/a", "/usr", "")) {
            for (String path : List.of("/tmp/a", "/tmp/a/b", "/x", "/y", "/z", "/tmp")) {
                boolean both = (source.equals("/bin/sh") || source.equals("/bin/bash") || source.startsWith("/usr/"))
                        && (path.startsWith("/tmp/") || path.equals("/x"));
                assertThat(exec(verdicts, new Key().with(KeyField.SOURCE, bytes(source)).with(KeyField.PATH, bytes(path))))
                        .as("%s from %s", path, source).isEqualTo(both || path.equals("/y") ? Action.DENY : Action.ALLOW);
            }
        }
    }

    @Test
    void aTextThatRunsIntoTheNextFieldMatchesNothing() throws TooLargeException {
        Verdicts verdicts = verdicts(Rules.deny(1, new Subject.Keys(Map.of(KeyField.FILE_SYSTEM, globs(Glob.Kind.NAME, "*"),
                KeyField.PATH, globs(Glob.Kind.PATH, "/a")), EXEC)));
        assertThat(exec(verdicts, new Key().with(KeyField.FILE_SYSTEM, bytes("x")).with(KeyField.PATH, bytes("/a")))).isEqualTo(Action.DENY);
        assertThat(exec(verdicts, new Key().with(KeyField.FILE_SYSTEM, bytes("x/a")).with(KeyField.PATH, bytes("/b")))).isEqualTo(Action.ALLOW);
    }

    @Test
    void integersAgreeWithPlainComparisons() throws TooLargeException {
        Random random = new Random(41);
        int denied = 0;
        int compared = 0;
        for (int round = 0; round < 300; round++) {
            int count = 1 + random.nextInt(4);
            List<NumberedRule> rules = new ArrayList<>();
            List<Condition> conditions = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Condition condition = condition(random);
                conditions.add(condition);
                rules.add(Rules.deny(i + 1, new Subject.Keys(Map.of(KeyField.DEVICE, condition.sequences()), EXEC)));
            }
            Verdicts verdicts = verdicts(rules.toArray(NumberedRule[]::new));
            for (int i = 0; i < 50; i++, compared++) {
                long value = near(random);
                boolean expected = conditions.stream().anyMatch(condition -> condition.test().test(value));
                denied += expected ? 1 : 0;
                assertThat(exec(verdicts, new Key().with(KeyField.DEVICE, value).with(KeyField.PATH, bytes("/dev/x"))))
                        .as("round %d, value 0x%x", round, value).isEqualTo(expected ? Action.DENY : Action.ALLOW);
            }
        }
        assertThat(denied).isBetween(compared / 10, compared * 9 / 10);
    }

    private static Condition condition(Random random) {
        long a = near(random);
        long b = near(random);
        return switch (random.nextInt(3)) {
            case 0 -> new Condition(List.of(IntegerPatterns.equal(a, 8)), value -> value == a);
            case 1 -> {
                long mask = random.nextBoolean() ? 1L << random.nextInt(64) : a;
                yield new Condition(List.of(IntegerPatterns.masked(mask, b, 8)), value -> (value & mask) == (b & mask));
            }
            default -> {
                long first = Long.compareUnsigned(a, b) < 0 ? a : b;
                long last = first == a ? b : a;
                yield new Condition(IntegerPatterns.range(first, last, 8),
                        value -> Long.compareUnsigned(first, value) <= 0 && Long.compareUnsigned(value, last) <= 0);
            }
        };
    }

    /** Values that meet each other and the edges of bytes. */
    private static long near(Random random) {
        long base = List.of(0L, 0xffL, 0x100L, 0xffffL, 0x80000000L, 0x100000000L, -1L, Long.MIN_VALUE).get(random.nextInt(8));
        return base + random.nextInt(5) - 2 + (random.nextInt(3) == 0 ? (long) random.nextInt(4) << 16 : 0);
    }

    @Test
    void belowIsTheStrongestOfWhatCanStillCome() throws TooLargeException {
        Verdicts verdicts = verdicts(Rules.deny(1, Rules.paths(Set.of(PathOperation.READ), "/etc/shadow")),
                Rules.rule(2, Rules.paths(Set.of(PathOperation.READ, PathOperation.WRITE), "/etc/x/**"), Action.KILL, 1,
                        Mode.ENFORCE),
                Rules.rule(3, Rules.paths(Set.of(PathOperation.WRITE), "/var/*"), Action.AUDIT, 0, Mode.ENFORCE));
        assertThat(below(verdicts, "/etc/", PathOperation.READ)).isEqualTo(Action.KILL);
        assertThat(below(verdicts, "/etc/s", PathOperation.READ)).isEqualTo(Action.DENY);
        assertThat(below(verdicts, "/etc/s", PathOperation.WRITE)).isEqualTo(Action.ALLOW);
        assertThat(below(verdicts, "/var/", PathOperation.WRITE)).isEqualTo(Action.AUDIT);
        assertThat(below(verdicts, "/", PathOperation.READ)).isEqualTo(Action.KILL);
        assertThat(below(verdicts, "/tmp/", PathOperation.READ)).isEqualTo(Action.ALLOW);
    }

    @Test
    void belowCountsTheDefault() throws TooLargeException {
        Verdicts verdicts = verdicts(
                Rules.rule(1, Rules.paths(Set.of(PathOperation.READ), "/app/**"), Action.ALLOW, 0, Mode.ENFORCE),
                Rules.rule(2, new Subject.Rest(Subject.numbers(Set.of(PathOperation.READ))), Action.DENY, 1,
                        Mode.ENFORCE));
        assertThat(below(verdicts, "/tmp/", PathOperation.READ)).isEqualTo(Action.DENY);
        assertThat(verdicts.path(bytes("/app/x"), PathOperation.READ)).isEqualTo(Verdict.NONE);
    }

    private static Action below(Verdicts verdicts, String path, PathOperation operation) {
        return verdicts.below(new Key().with(KeyField.PATH, bytes(path)).bytes(verdicts.fields()), operation.ordinal()).action();
    }
}
