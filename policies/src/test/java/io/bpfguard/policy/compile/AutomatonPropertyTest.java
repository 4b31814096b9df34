package io.bpfguard.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.check.Subject;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobSyntaxException;
import io.bpfguard.policy.model.Mode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The automaton says what a plain reading of the language says, on random rules and strings. */
class AutomatonPropertyTest {
    private static final int PAIRS = Boolean.getBoolean("bpfguard.long") ? 1_000_000 : 100_000;
    private static final int PER_SET = 50;

    /** A rule as text, to be read by the reference. */
    private record Plain(int number, List<String> globs, Set<PathOperation> operations, Action action, int errno,
            Mode mode, boolean rest) {
        NumberedRule numbered() {
            Subject subject = rest ? new Subject.Rest(Subject.numbers(operations))
                    : Rules.paths(operations, globs.toArray(String[]::new));
            Action done = mode == Mode.ENFORCE || action == Action.ALLOW ? action : Action.AUDIT;
            return Rules.rule(number, subject, done, done.compareTo(Action.DENY) < 0 ? 0 : errno, mode);
        }
    }

    @Test
    void agreesWithAPlainMatcherOnPaths() {
        long seed = 20221203;
        Random random = new Random(seed);
        RandomGlobs globs = new RandomGlobs(random);
        int denied = 0;
        for (int pair = 0; pair < PAIRS; pair += PER_SET) {
            List<Plain> rules = rules(random, globs);
            List<NumberedRule> numbered = new ArrayList<>(rules.stream().map(Plain::numbered).toList());
            Collections.shuffle(numbered, random);
            Verdicts verdicts = new Verdicts(Rules.pathRuleset(numbered));
            for (int i = 0; i < PER_SET; i++) {
                Plain about = rules.get(random.nextInt(rules.size()));
                String text = globs.like(about.globs().get(random.nextInt(about.globs().size())));
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                if (random.nextInt(10) == 0 && bytes.length > 0) {
                    bytes[random.nextInt(bytes.length)] = (byte) (1 + random.nextInt(255));
                }
                PathOperation operation = PathOperation.values()[random.nextInt(3)];
                Verdict expected = expected(rules, bytes, operation);
                denied += expected.prevents() ? 1 : 0;
                Verdict actual = verdicts.path(bytes, operation);
                assertThat(actual).as("seed %d: %s %s on %s", seed, operation, Arrays.toString(bytes), rules)
                        .usingRecursiveComparison().ignoringFields("rule").isEqualTo(expected);
                assertThat(actual.rule() == 0 || isAbout(rules.get(actual.rule() - 1), bytes, operation))
                        .as("names a rule that matches").isTrue();
                assertThat(actual.rule() == 0).isEqualTo(expected.rule() == 0);
            }
        }
        assertThat(denied).as("the strings meet the globs").isBetween(PAIRS / 5, PAIRS * 4 / 5);
    }

    @Test
    void agreesWithAPlainMatcherOnNames() throws Exception {
        Random random = new Random(492);
        RandomGlobs globs = new RandomGlobs(random);
        ReferenceMatcher reference = new ReferenceMatcher(false);
        int matched = 0;
        int compared = 0;
        while (compared < 20_000) {
            String text = globs.name();
            if (!isGlob(text, Glob.Kind.NAME)) {
                continue;
            }
            Glob glob = Glob.parse(text, Glob.Kind.NAME);
            Verdicts verdicts = new Verdicts(KeyTables.ruleset(io.bpfguard.policy.compiled.Matcher.MOUNT,
                    List.of(Rules.deny(7, new Subject.Keys(Map.of(KeyField.FILE_SYSTEM_TYPE, Subject.sequences(List.of(glob))), Subject.ONLY))), verdict -> verdict));
            for (int i = 0; i < 10; i++, compared++) {
                String name = globs.like(text);
                byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
                boolean expected = reference.matches(text, bytes);
                matched += expected ? 1 : 0;
                assertThat(glob.matches(name)).as("%s on %s", text, name).isEqualTo(expected);
                assertThat(verdicts.fileSystemType(bytes).action()).as("%s on %s", text, name)
                        .isEqualTo(expected ? Action.DENY : Action.ALLOW);
            }
        }
        assertThat(matched).isBetween(compared / 5, compared * 9 / 10);
    }

    private static List<Plain> rules(Random random, RandomGlobs globs) {
        List<Plain> rules = new ArrayList<>();
        int count = 1 + random.nextInt(5);
        while (rules.size() < count) {
            List<String> texts = new ArrayList<>();
            while (texts.isEmpty() || random.nextInt(3) == 0) {
                String text = globs.path();
                if (isGlob(text, Glob.Kind.PATH)) {
                    texts.add(text);
                }
            }
            EnumSet<PathOperation> operations = EnumSet.of(PathOperation.values()[random.nextInt(3)]);
            if (random.nextBoolean()) {
                operations = EnumSet.allOf(PathOperation.class);
            }
            rules.add(new Plain(rules.size() + 1, texts, operations, Action.values()[random.nextInt(4)], 1
                    + random.nextInt(3),
                    random.nextInt(4) == 0 ? Mode.AUDIT : Mode.ENFORCE, rules.size() > 1 && random.nextInt(4) == 0));
        }
        return rules;
    }

    private static boolean isAbout(Plain rule, byte[] path, PathOperation operation) {
        ReferenceMatcher reference = new ReferenceMatcher(true);
        return rule.operations().contains(operation) && (rule.rest() || rule.globs().stream()
                .anyMatch(glob -> reference.matches(glob, path)));
    }

    private static boolean isGlob(String text, Glob.Kind kind) {
        try {
            Glob.parse(text, kind);
            return true;
        } catch (GlobSyntaxException e) {
            return false;
        }
    }

    /** The paragraph "Which verdict counts" of README.md, word for word. */
    private static Verdict expected(List<Plain> rules, byte[] path, PathOperation operation) {
        ReferenceMatcher reference = new ReferenceMatcher(true);
        List<Plain> about = rules.stream().filter(rule -> rule.operations().contains(operation)).toList();
        List<Plain> matching = about.stream().filter(rule -> !rule.rest() && rule.globs().stream()
                .anyMatch(glob -> reference.matches(glob, path))).toList();
        Verdict strongest = Verdict.NONE;
        for (Plain rule : about) {
            boolean lifted = rule.rest() && matching.stream().anyMatch(other -> other.action() == Action.ALLOW
                    && (other.mode() == Mode.ENFORCE || rule.mode() == Mode.AUDIT));
            if (!rule.rest() && !matching.contains(rule) || lifted || rule.action() == Action.ALLOW) {
                continue;
            }
            Action action = rule.mode() == Mode.AUDIT ? Action.AUDIT : rule.action();
            Verdict verdict = new Verdict(action, action == Action.AUDIT ? 0 : rule.errno(), rule.number());
            int stronger = action.compareTo(strongest.action());
            if (stronger > 0 || stronger == 0 && verdict.errno() < strongest.errno()) {
                strongest = verdict;
            }
        }
        return strongest;
    }
}
