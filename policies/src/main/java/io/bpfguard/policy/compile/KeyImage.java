package io.bpfguard.policy.compile;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Ruleset;
import io.bpfguard.policy.compiled.Verdict;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** Writes an automaton as {@code struct key_ruleset} of {@code bpf/src/main/c/ruleset.h}. */
final class KeyImage {
    private static final int START = 8;
    private static final int VERDICTS = 12;
    private static final int VERDICT_COUNT = 16;
    private static final int CLASSES = 20;
    private static final int FIELDS = 24;
    private static final int USED_OPERATIONS = 28;
    private static final int PLAIN_DIRECTORY = 32;
    private static final int PLAIN_NAME = 36;
    private static final int NO_STATE = -3;
    private static final int TEXTS = 40;
    private static final int CLASS_OF = Layout.TABLE_OFFSET;
    /** Behind the classes; used by the rulesets of arguments. */
    private static final int ARGUMENTS = CLASS_OF + 256;
    private static final int ARGUMENTS_SIZE = Extractor.MAX_PER_KEY * Extractor.SIZE;
    /** Words of a row before its transitions: its verdicts, and those of what can still come. */
    private static final int ROW_HEAD = 2;
    private static final int WORD = Integer.BYTES;

    private KeyImage() {}

    /**
     * The ruleset of an automaton.
     *
     * @param fields that the keys have
     * @param extractors of the fields of {@link Matcher#ARGUMENTS}; empty for others
     * @param below per state, the number of the strongest verdicts that can still come
     * @param verdicts per output of the automaton, one verdict per operation; the first is for keys nothing matches
     */
    static Ruleset of(Matcher matcher, List<KeyField> fields, List<Extractor> extractors, Dfa dfa, int[] below,
            List<List<Verdict>> verdicts) throws TooLargeException {
        return of(matcher, fields, extractors, dfa, below, verdicts, Optional.empty());
    }

    /**
     * The ruleset of {@link Matcher#ALIAS}.
     *
     * @param verdicts those that are possible, then as many that are certain
     * @param plain where nothing is about a name itself
     */
    static Ruleset ofNames(Dfa dfa, int[] below, List<List<Verdict>> verdicts, Optional<PlainNames> plain) throws TooLargeException {
        return of(Matcher.ALIAS, Matcher.ALIAS.fields(), List.of(), dfa, below, verdicts, plain);
    }

    private static Ruleset of(Matcher matcher, List<KeyField> fields, List<Extractor> extractors, Dfa dfa, int[] below,
            List<List<Verdict>> verdicts, Optional<PlainNames> plain) throws TooLargeException {
        int verdictsAt = roundUp(ARGUMENTS + ARGUMENTS_SIZE, Layout.VERDICTS_SIZE);
        long rowsAt = verdictsAt + (long) verdicts.size() * Layout.VERDICTS_SIZE;
        int rowSize = WORD * (ROW_HEAD + dfa.classes().count());
        int[] rows = new int[dfa.states()];
        long next = rowsAt;
        for (int state = 0; state < rows.length; state++) {
            if (next / Layout.BLOCK_SIZE != (next + rowSize - 1) / Layout.BLOCK_SIZE) {
                next = (next / Layout.BLOCK_SIZE + 1) * Layout.BLOCK_SIZE;
            }
            if (next + rowSize > Layout.MAX_IMAGE) {
                throw new TooLargeException("more than " + (Layout.MAX_IMAGE >> 20) + " MiB of tables (" + dfa.states()
                        + " states)");
            }
            rows[state] = (int) next;
            next += rowSize;
        }
        ByteBuffer image = Layout.image(matcher, (int) next);
        image.putInt(START, rows[0] / WORD);
        image.putInt(VERDICTS, verdictsAt);
        image.putInt(VERDICT_COUNT, verdicts.size());
        image.putInt(CLASSES, dfa.classes().count());
        fields.forEach(field -> image.putInt(FIELDS, image.getInt(FIELDS) | 1 << matcher.fields().indexOf(field)));
        image.putInt(PLAIN_DIRECTORY, plain.map(names -> address(rows, names.directory())).orElse(NO_STATE));
        image.putInt(PLAIN_NAME, plain.map(names -> address(rows, names.name())).orElse(NO_STATE));
        image.putInt(TEXTS, extractors.stream().allMatch(extractor -> extractor.kind().isInteger()) ? 0 : 1);
        for (int i = 0; i < extractors.size(); i++) {
            image.put(ARGUMENTS + i * Extractor.SIZE, extractors.get(i).bytes());
        }
        for (int value = 0; value < 256; value++) {
            image.put(CLASS_OF + value, (byte) dfa.classes().of(value));
        }
        for (int i = 0; i < verdicts.size(); i++) {
            for (int operation = 0; operation < verdicts.get(i).size(); operation++) {
                Verdict verdict = verdicts.get(i).get(operation);
                Layout.put(image, verdictsAt + i * Layout.VERDICTS_SIZE + operation * Layout.VERDICT_SIZE, verdict);
                if (verdict.action() != Action.ALLOW) {
                    image.putInt(USED_OPERATIONS, image.getInt(USED_OPERATIONS) | 1 << operation);
                }
            }
        }
        for (int state = 0; state < rows.length; state++) {
            image.putInt(rows[state], dfa.output()[state]);
            image.putInt(rows[state] + WORD, below[state]);
        }
        for (int i = 0; i < dfa.from().length; i++) {
            image.putInt(rows[dfa.from()[i]] + WORD * (ROW_HEAD + dfa.label()[i]), rows[dfa.to()[i]] / WORD);
        }
        return new Ruleset(matcher, image.array());
    }

    private static int address(int[] rows, int state) {
        return state < 0 ? 0 : rows[state] / WORD;
    }

    private static int roundUp(int value, int multiple) {
        return (value + multiple - 1) / multiple * multiple;
    }
}
