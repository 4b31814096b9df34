package io.bpfguard.policy.compiled;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Decides in user space as the kernel side does, from the same bytes ({@code bpf/src/main/c/ruleset.h}): for tests, and
 * for asking what a policy would say. Immutable.
 */
public final class Verdicts {
    private static final int VERSION = 2;
    private static final int START = 8;
    private static final int VERDICTS = 12;
    private static final int VERDICT_COUNT = 16;
    private static final int FIELDS = 24;
    private static final int ROW_HEAD = 2;
    private static final int TABLE_OFFSET = 64;
    private static final int ARGUMENTS = TABLE_OFFSET + 256;
    private static final int SYSTEM_CALLS = 1024;
    private static final int CAPABILITIES = 64;
    private static final int SIGNALS = 65;
    private static final int OPERATIONS = 16;
    private static final int VERDICT_SIZE = 8;
    private static final Action[] ACTIONS = Action.values();

    private final Matcher matcher;
    private final ByteBuffer image;

    /** The verdicts of a ruleset. */
    public Verdicts(Ruleset ruleset) {
        this.matcher = ruleset.matcher();
        this.image = ByteBuffer.wrap(ruleset.image()).order(ByteOrder.LITTLE_ENDIAN);
        if (image.getInt(0) != matcher.ordinal() || image.getInt(4) != VERSION) {
            throw new IllegalArgumentException(ruleset + " has the header of another matcher or version");
        }
    }

    /** The matcher whose questions can be asked. */
    public Matcher matcher() {
        return matcher;
    }

    /** The fields of its keys, in their order; empty for a table. */
    public List<KeyField> fields() {
        int mask = matcher.hasKeys() ? image.getInt(FIELDS) : 0;
        return matcher.fields().stream().filter(field -> (mask & 1 << matcher.fields().indexOf(field)) != 0).toList();
    }

    /** What the {@linkplain #fields() fields} of arguments are, in their order. */
    public List<Extractor> extractors() {
        expect(Matcher.ARGUMENTS);
        return IntStream.range(0, fields().size())
                .mapToObj(i -> Extractor.read(image.slice(ARGUMENTS + i * Extractor.SIZE, Extractor.SIZE))).toList();
    }

    /**
     * What is said of arguments.
     *
     * @param values of the {@linkplain #extractors() extractors}, in their order: an integer ({@link Long}), or the bytes of a
     *     string or path without a NUL ({@code byte[]})
     */
    public Verdict arguments(List<?> values) {
        expect(Matcher.ARGUMENTS);
        List<KeyField> fields = fields();
        Key key = new Key();
        for (int i = 0; i < fields.size(); i++) {
            switch (values.get(i)) {
                case Long integer -> key.with(fields.get(i), integer);
                case byte[] text -> key.with(fields.get(i), text);
                default -> throw new IllegalArgumentException("neither an integer nor bytes: " + values.get(i));
            }
        }
        return key(key.bytes(fields), 0);
    }

    /**
     * What is said for certain of arguments of which some are not known: the weakest of what is said of them with all values
     * that those can have. So a rule that asks for one of them does not count, unless others make up for where it does not match. Of
     * rules that say the same the last is named, as without those that do not count.
     *
     * @param known an integer ({@link Long}), or the bytes of a string or path without a NUL ({@code byte[]}), by extractor
     */
    public Verdict certain(Map<Extractor, ?> known) {
        List<Extractor> extractors = extractors();
        List<KeyField> fields = fields();
        Set<Integer> rows = Set.of(image.getInt(START));
        for (int i = 0; i < extractors.size(); i++) {
            boolean isLast = i == extractors.size() - 1;
            KeyField field = fields.get(i);
            rows = switch (known.get(extractors.get(i))) {
                case Long integer -> follow(rows, new Key().with(field, integer).bytes(List.of(field)));
                case byte[] text -> follow(rows, isLast ? text : Arrays.copyOf(text, text.length + 1));
                case null -> extractors.get(i).kind().isInteger() ? anyInteger(rows) : anyText(rows, isLast);
                default -> throw new IllegalArgumentException("neither an integer nor bytes: " + known.get(extractors.get(i)));
            };
        }
        return rows.stream().map(row -> verdict(row == 0 ? 0 : image.getInt(Integer.BYTES * row), 0))
                .min(Verdict.WEAKEST_FIRST.thenComparing(Comparator.comparingInt(Verdict::rule).reversed())).orElseThrow();
    }

    private Set<Integer> follow(Set<Integer> rows, byte[] key) {
        return rows.stream().map(row -> follow(row, key)).collect(Collectors.toSet());
    }

    /** The rows behind any byte from the first on. */
    private Set<Integer> anyByte(Set<Integer> rows, int first) {
        return rows.stream().flatMap(row -> IntStream.range(first, 256).mapToObj(value -> follow(row, new byte[] {(byte) value})))
                .collect(Collectors.toSet());
    }

    private Set<Integer> anyInteger(Set<Integer> rows) {
        Set<Integer> after = rows;
        for (int i = 0; i < Extractor.WIDTH; i++) {
            after = anyByte(after, 0);
        }
        return after;
    }

    /** The rows behind any text, and the NUL behind it where another value follows. */
    private Set<Integer> anyText(Set<Integer> rows, boolean isLast) {
        Set<Integer> reached = new HashSet<>(rows);
        Set<Integer> newest = rows;
        while (!newest.isEmpty()) {
            newest = anyByte(newest, 1).stream().filter(reached::add).collect(Collectors.toSet());
        }
        return isLast ? reached : follow(reached, new byte[1]);
    }

    /**
     * What is said of an operation.
     *
     * @param key the bytes of the {@linkplain #fields() fields}; see {@link Key}
     * @param operation as the matcher numbers it
     */
    public Verdict key(byte[] key, int operation) {
        if (!matcher.hasKeys()) {
            throw new IllegalStateException("a ruleset for " + matcher + ", which has no keys");
        }
        int row = follow(key);
        return verdict(row == 0 ? 0 : image.getInt(Integer.BYTES * row), operation);
    }

    /** The strongest that is said of an operation on the key or any that goes on from it. */
    public Verdict below(byte[] key, int operation) {
        expect(Matcher.PATH);
        int row = follow(key);
        return verdict(row == 0 ? 0 : image.getInt(Integer.BYTES * (row + 1)), operation);
    }

    /** What is said of an operation on a file of which only the path is known. */
    public Verdict path(byte[] path, PathOperation operation) {
        expect(Matcher.PATH);
        return key(new Key().with(KeyField.PATH, path).bytes(fields()), operation.ordinal());
    }

    /** What is said of mounting a type of file system, of which nothing else is known. */
    public Verdict fileSystemType(byte[] type) {
        expect(Matcher.MOUNT);
        return key(new Key().with(KeyField.FILE_SYSTEM_TYPE, type).bytes(fields()), 0);
    }

    /** The numbers of the rules that can decide something. */
    public Set<Integer> rules() {
        int first = matcher.hasKeys() ? image.getInt(VERDICTS) : TABLE_OFFSET;
        int count = matcher.hasKeys() ? image.getInt(VERDICT_COUNT) * OPERATIONS : (image.capacity() - TABLE_OFFSET) / VERDICT_SIZE;
        Set<Integer> rules = new HashSet<>();
        for (int i = 0; i < count; i++) {
            rules.add(image.getInt(first + i * VERDICT_SIZE));
        }
        rules.remove(0);
        return rules;
    }

    /** What is said of a capability. */
    public Verdict capability(int number) {
        expect(Matcher.CAPABILITY);
        return number < 0 || number >= CAPABILITIES ? Verdict.NONE : at(TABLE_OFFSET + number * VERDICT_SIZE);
    }

    /**
     * What is said of a system call.
     *
     * @param compat whether it was entered as a 32-bit call
     */
    public Verdict systemCall(int number, boolean compat) {
        expect(Matcher.SYSTEM_CALL);
        return number < 0 || number >= SYSTEM_CALLS ? Verdict.NONE
                : at(TABLE_OFFSET + (compat ? SYSTEM_CALLS + number : number) * VERDICT_SIZE);
    }

    /** What is said of a signal to another process. */
    public Verdict signal(int number, SignalTarget target) {
        expect(Matcher.SIGNAL);
        return number < 0 || number >= SIGNALS ? Verdict.NONE : at(TABLE_OFFSET + (target.ordinal() * SIGNALS + number) * VERDICT_SIZE);
    }

    /** What is said of opening a file of procfs that shows a process's memory. */
    public Verdict processFile(ProcessAccess access) {
        expect(Matcher.PROCESS_FILE);
        return at(TABLE_OFFSET + access.ordinal() * VERDICT_SIZE);
    }

    /** What is said of every call. */
    public Verdict always() {
        expect(Matcher.ALWAYS);
        return at(TABLE_OFFSET);
    }

    /** What comes of a call where the custom program says yes. */
    public Verdict program() {
        expect(Matcher.PROGRAM);
        return at(TABLE_OFFSET);
    }

    /** The row behind the key; 0 where no rule can match any more. */
    private int follow(byte[] key) {
        return follow(image.getInt(START), key);
    }

    private int follow(int from, byte[] key) {
        int row = from;
        for (byte value : key) {
            if (row == 0) {
                break;
            }
            int column = image.get(TABLE_OFFSET + (value & 0xff)) & 0xff;
            row = image.getInt(Integer.BYTES * (row + ROW_HEAD + column));
        }
        return row;
    }

    private Verdict verdict(int number, int operation) {
        if (number < 0 || number >= image.getInt(VERDICT_COUNT)) {
            throw new IllegalStateException("a row has verdict " + number + " of " + image.getInt(VERDICT_COUNT));
        }
        return at(image.getInt(VERDICTS) + (number * OPERATIONS + operation) * VERDICT_SIZE);
    }

    private Verdict at(int offset) {
        return new Verdict(ACTIONS[image.get(offset + 4)], image.get(offset + 5) & 0xff, image.getInt(offset));
    }

    private void expect(Matcher wanted) {
        if (matcher != wanted) {
            throw new IllegalStateException("a ruleset for " + matcher + ", not for " + wanted);
        }
    }
}
