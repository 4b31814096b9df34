package io.bpfguard.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.check.Subject;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.Ruleset;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.Mode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The facts of bpf/src/main/c/ruleset.h that the kernel side relies on. */
class LayoutTest {
    private static final int BLOCK = 65536;

    private static ByteBuffer bytes(Ruleset ruleset) {
        return ByteBuffer.wrap(ruleset.image()).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void rowsAndVerdictsDoNotCrossBlocksAndLeadToRows() {
        Ruleset ruleset = Rules.pathRuleset(IntStream.range(0, 3000).mapToObj(i -> Rules.deny(i + 1,
                Rules.paths(Set.of(PathOperation.WRITE), "/data/" + Integer.toString(i * 7919 % 100_000, 36)
                        + "/*.log"))).toList());
        ByteBuffer image = bytes(ruleset);
        int classes = image.getInt(20);
        int rowBytes = 4 * (2 + classes);
        assertThat(ruleset.size()).isGreaterThan(3 * BLOCK);
        assertThat(image.getInt(0)).isEqualTo(Matcher.PATH.ordinal());
        assertThat(image.getInt(4)).isEqualTo(2);
        assertThat(image.getInt(24)).as("keys are paths alone").isEqualTo(1 << 5);
        assertThat(classes).isBetween(1, 256);
        assertThat(image.getInt(12) % 128).as("verdicts begin at a multiple of their size").isZero();
        assertThat(image.getInt(16)).as("each rule's verdicts, and nothing's").isGreaterThanOrEqualTo(3001);
        for (int value = 0; value < 256; value++) {
            assertThat(image.get(64 + value) & 0xff).isBetween(0, classes - 1);
        }
        Set<Integer> rows = new HashSet<>(Set.of(image.getInt(8)));
        List<Integer> waiting = new ArrayList<>(rows);
        while (!waiting.isEmpty()) {
            int at = 4 * waiting.removeLast();
            assertThat(at / BLOCK).isEqualTo((at + rowBytes - 1) / BLOCK);
            assertThat(at).isGreaterThanOrEqualTo(image.getInt(12) + image.getInt(16) * 128);
            assertThat(image.getInt(at)).isBetween(0, image.getInt(16) - 1);
            assertThat(image.getInt(at + 4)).isBetween(0, image.getInt(16) - 1);
            for (int byteClass = 0; byteClass < classes; byteClass++) {
                int next = image.getInt(at + 4 * (2 + byteClass));
                if (next != 0 && rows.add(next)) {
                    waiting.add(next);
                }
            }
        }
        assertThat(rows).hasSizeGreaterThan(3000);
    }

    @Test
    void verdictZeroIsTheOneForStringsNothingMatches() {
        NumberedRule rest = Rules.rule(9, new Subject.Rest(Subject.numbers(Set.of(PathOperation.EXEC))), Action.KILL, 13, Mode.ENFORCE);
        ByteBuffer image = bytes(Rules.pathRuleset(List.of(rest,
                Rules.deny(1, Rules.paths(Set.of(PathOperation.READ), "/a")))));
        int verdict = image.getInt(12);
        assertThat(image.getInt(verdict)).isEqualTo(9);
        assertThat(image.get(verdict + 4)).isEqualTo((byte) Action.KILL.ordinal());
        assertThat(image.get(verdict + 5)).isEqualTo((byte) 13);
        assertThat(image.getLong(verdict + 8)).as("reading").isZero();
    }

    @Test
    void withoutGlobsThereIsStillARow() {
        Ruleset ruleset = Rules.pathRuleset(List.of(Rules.rule(9, new Subject.Rest(Subject.numbers(Set.of(PathOperation.EXEC))),
                Action.DENY, 1, Mode.ENFORCE)));
        assertThat(bytes(ruleset).getInt(8)).isPositive();
        assertThat(new Verdicts(ruleset).path(new byte[0], PathOperation.EXEC).rule()).isEqualTo(9);
        assertThat(new Verdicts(ruleset).path(new byte[] {'/'}, PathOperation.EXEC).rule()).isEqualTo(9);
    }

    @Test
    void tablesAreAtTheirOffset() {
        ByteBuffer capabilities = bytes(TableImage.capabilities(List.of(Rules.deny(3,
                new Subject.Capabilities(Set.of(21)))), v -> v));
        assertThat(capabilities.capacity()).isEqualTo(64 + 64 * 8);
        assertThat(capabilities.getInt(64 + 21 * 8)).isEqualTo(3);
        assertThat(capabilities.getLong(64 + 20 * 8)).isZero();
        ByteBuffer calls = bytes(TableImage.systemCalls(List.of(Rules.deny(4,
                new Subject.SystemCalls(Set.of(165), Set.of(21)))), v -> v));
        assertThat(calls.capacity()).isEqualTo(64 + 2 * 1024 * 8).isLessThan(BLOCK);
        assertThat(calls.getInt(64 + 165 * 8)).isEqualTo(4);
        assertThat(calls.getInt(64 + (1024 + 21) * 8)).isEqualTo(4);
        assertThat(calls.getInt(64 + 21 * 8)).isZero();
        ByteBuffer always = bytes(TableImage.always(List.of(Rules.deny(5, new Subject.Always())), v -> v));
        assertThat(always.getInt(64)).isEqualTo(5);
        assertThat(always.getInt(0)).isEqualTo(Matcher.ALWAYS.ordinal());
    }

    @Test
    void verdictsRefuseQuestionsOfAnotherMatcherAndForeignImages() {
        Verdicts verdicts = new Verdicts(TableImage.always(List.of(Rules.deny(5, new Subject.Always())), v -> v));
        assertThatThrownBy(() -> verdicts.capability(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> new Verdicts(new Ruleset(Matcher.PATH, new byte[128])))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
