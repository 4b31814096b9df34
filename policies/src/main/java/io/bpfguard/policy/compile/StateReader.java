package io.bpfguard.policy.compile;

import io.bpfguard.policy.check.Enforcement;
import io.bpfguard.policy.check.Subject;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.FunctionProgram;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.ProcessAccess;
import io.bpfguard.policy.compiled.RuleInfo;
import io.bpfguard.policy.compiled.SignalTarget;
import io.bpfguard.policy.model.ByteSet;
import io.bpfguard.policy.model.ContainerKind;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobSyntaxException;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.LabelRequirement;
import io.bpfguard.policy.model.Mode;
import io.bpfguard.policy.model.PolicySelector;
import io.bpfguard.policy.model.Position;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Reads what {@link StateWriter} writes. A file with other bytes is refused, wherever it ends and whatever they say. */
final class StateReader {
    private static final int MAX_NESTING = 16;
    /** By the byte: most of what is read are these, and one of each is enough. */
    private static final List<GlobToken.One> SINGLE = IntStream.range(0, 256).mapToObj(value -> new GlobToken.One(ByteSet.of(value))).toList();

    private final ByteBuffer in;
    private final int rulesAt;
    private final List<String> texts = new ArrayList<>();
    /** Those that have come before the rules. */
    private final int textsAt;
    private final Map<String, PolicySelector> selectors;
    private final List<CustomProgram> programs = new ArrayList<>();
    private final List<List<List<GlobToken>>> sequences = new ArrayList<>();
    private int nesting;

    private interface Item<T> {
        T read() throws StateFileException;
    }

    StateReader(byte[] file) throws StateFileException {
        in = ByteBuffer.wrap(file);
        selectors = whole(() -> {
            byte[] format = StateWriter.FORMAT.getBytes(StandardCharsets.US_ASCII);
            if (file.length < format.length || !in.slice(0, format.length).equals(ByteBuffer.wrap(format))) {
                throw new StateFileException("does not begin with \"" + StateWriter.FORMAT.strip() + "\": it is of another version");
            }
            in.position(format.length);
            Map<String, PolicySelector> found = new TreeMap<>();
            repeat(() -> found.put(text(), selector()));
            return found;
        });
        rulesAt = in.position();
        textsAt = texts.size();
    }

    Map<String, PolicySelector> selectors() {
        return selectors;
    }

    /** The rules of these policies, which are those of the selectors in the same order. */
    synchronized Map<String, List<NumberedRule>> rules(Collection<String> names) throws StateFileException {
        in.position(rulesAt);
        return whole(() -> {
            texts.subList(textsAt, texts.size()).clear();
            programs.clear();
            programs.addAll(list(this::program));
            sequences.clear();
            sequences.addAll(list(this::sequences));
            Map<String, List<NumberedRule>> rules = new HashMap<>();
            for (String name : names) {
                rules.put(name, list(this::rule));
            }
            if (in.hasRemaining()) {
                throw new StateFileException("has " + in.remaining() + " bytes behind its end");
            }
            return rules;
        });
    }

    /** Nothing but a {@link StateFileException} leaves it: the records check what they are made of by unchecked ones. */
    private <T> T whole(Item<T> part) throws StateFileException {
        try {
            return part.read();
        } catch (BufferUnderflowException cut) {
            throw new StateFileException("ends at byte " + in.limit() + ", in the middle");
        } catch (IllegalArgumentException | NullPointerException | IndexOutOfBoundsException | IllegalStateException wrong) {
            throw new StateFileException("is damaged before byte " + in.position() + ": " + wrong.getMessage());
        }
    }

    private PolicySelector selector() throws StateFileException {
        return new PolicySelector(list(this::glob), list(this::requirement), list(this::glob),
                new HashSet<>(list(() -> constant(ContainerKind.class))), list(this::glob));
    }

    private Glob glob() throws StateFileException {
        Glob.Kind kind = constant(Glob.Kind.class);
        String text = text();
        try {
            return Glob.parse(text, kind);
        } catch (GlobSyntaxException wrong) {
            throw new StateFileException("is damaged before byte " + in.position() + ": the glob \"" + text + "\" " + wrong.getMessage());
        }
    }

    private LabelRequirement requirement() throws StateFileException {
        return new LabelRequirement(text(), constant(LabelRequirement.Operator.class), new HashSet<>(list(this::text)));
    }

    private CustomProgram program() throws StateFileException {
        String name = text();
        byte[] image = bytes();
        Map<String, byte[]> constants = new HashMap<>();
        repeat(() -> constants.put(text(), bytes()));
        return new CustomProgram(name, image, constants);
    }

    private NumberedRule rule() throws StateFileException {
        RuleInfo info = new RuleInfo(in.getInt(), text(), text(), list(this::text));
        Position at = new Position(text(), in.getInt(), in.getInt());
        Enforcement enforcement = new Enforcement(hook(), constant(Matcher.class), subject(), constant(Action.class), constant(Mode.class), in.getInt(),
                text(), text());
        return new NumberedRule(info, enforcement, at);
    }

    private HookPoint hook() throws StateFileException {
        Class<? extends HookPoint> type = StateWriter.HOOKS.get(in.get());
        if (type == LsmHook.class) {
            return new LsmHook(text());
        }
        KernelFunction function = KernelFunction.of(text());
        return type == KernelFunction.class ? function : new FunctionProgram(function, in.get() != 0, programs.get(in.getInt()));
    }

    private Subject subject() throws StateFileException {
        Class<? extends Subject> type = StateWriter.SUBJECTS.get(in.get());
        if (type == Subject.Keys.class) {
            Map<KeyField, List<List<GlobToken>>> fields = new HashMap<>();
            repeat(() -> fields.put(constant(KeyField.class), sequences.get(in.getInt())));
            return new Subject.Keys(fields, numbers());
        } else if (type == Subject.Arguments.class) {
            Map<Extractor, List<List<GlobToken>>> values = new HashMap<>();
            repeat(() -> values.put(extractor(), sequences.get(in.getInt())));
            return new Subject.Arguments(values);
        } else if (type == Subject.Capabilities.class) {
            return new Subject.Capabilities(numbers());
        } else if (type == Subject.SystemCalls.class) {
            return new Subject.SystemCalls(numbers(), numbers());
        } else if (type == Subject.Signals.class) {
            return new Subject.Signals(numbers(), new HashSet<>(list(() -> constant(SignalTarget.class))));
        } else if (type == Subject.ProcessFiles.class) {
            return new Subject.ProcessFiles(new HashSet<>(list(() -> constant(ProcessAccess.class))));
        } else if (type == Subject.Program.class) {
            return new Subject.Program(programs.get(in.getInt()));
        } else if (type == Subject.Always.class) {
            return new Subject.Always();
        } else {
            return new Subject.Rest(numbers());
        }
    }

    private Extractor extractor() throws StateFileException {
        return new Extractor(constant(Extractor.Source.class), in.getInt(), constant(Extractor.Kind.class), list(in::getInt), in.getInt(), in.getInt(),
                in.getInt(), in.getInt());
    }

    private List<List<GlobToken>> sequences() throws StateFileException {
        if (++nesting > MAX_NESTING) {
            throw new StateFileException("is damaged before byte " + in.position() + ": alternatives in alternatives, " + MAX_NESTING + " deep");
        }
        List<List<GlobToken>> sequences = list(this::sequence);
        nesting--;
        return sequences;
    }

    private List<GlobToken> sequence() throws StateFileException {
        int count = in.getInt();
        checkCount(count);
        List<GlobToken> sequence = new ArrayList<>(count);
        while (sequence.size() < count) {
            byte type = in.get();
            if (type == StateWriter.LITERAL) {
                for (byte value : bytes()) {
                    sequence.add(SINGLE.get(Byte.toUnsignedInt(value)));
                }
            } else {
                sequence.add(token(type));
            }
        }
        if (sequence.size() > count) {
            throw new StateFileException("is damaged before byte " + in.position() + ": " + sequence.size() + " bytes where " + count + " are said");
        }
        return sequence;
    }

    private GlobToken token(byte number) throws StateFileException {
        Class<? extends GlobToken> type = StateWriter.TOKENS.get(number);
        if (type == GlobToken.One.class) {
            return new GlobToken.One(byteSet());
        } else if (type == GlobToken.Component.class) {
            return new GlobToken.Component();
        } else if (type == GlobToken.Anything.class) {
            return new GlobToken.Anything();
        } else if (type == GlobToken.Directories.class) {
            return new GlobToken.Directories();
        } else if (type == GlobToken.Many.class) {
            return new GlobToken.Many(byteSet());
        } else {
            return new GlobToken.OneOf(sequences());
        }
    }

    private ByteSet byteSet() {
        return new ByteSet(in.getLong(), in.getLong(), in.getLong(), in.getLong());
    }

    private HashSet<Integer> numbers() throws StateFileException {
        return new HashSet<>(list(in::getInt));
    }

    private <T> List<T> list(Item<T> item) throws StateFileException {
        List<T> items = new ArrayList<>();
        repeat(() -> items.add(item.read()));
        return items;
    }

    /** Every item has a byte at least, also each of a literal, so a length that is made up ends with the file; only {@link Subject.Always} and such have one. */
    private void repeat(Item<?> item) throws StateFileException {
        int count = in.getInt();
        checkCount(count);
        for (int i = 0; i < count; i++) {
            item.read();
        }
    }

    private void checkCount(int count) throws StateFileException {
        if (count < 0 || count > in.remaining()) {
            throw new StateFileException("is damaged before byte " + in.position() + ": a list of " + count + " where " + in.remaining() + " bytes are left");
        }
    }

    private <E extends Enum<E>> E constant(Class<E> type) throws StateFileException {
        return Enum.valueOf(type, text());
    }

    private String text() throws StateFileException {
        int number = in.getInt();
        if (number != texts.size()) {
            return texts.get(number);
        }
        try {
            texts.add(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes())).toString());
            return texts.getLast();
        } catch (CharacterCodingException wrong) {
            throw new StateFileException("is damaged before byte " + in.position() + ": no UTF-8");
        }
    }

    private byte[] bytes() throws StateFileException {
        int length = in.getInt();
        if (length < 0 || length > in.remaining()) {
            throw new StateFileException("is damaged before byte " + in.position() + ": " + length + " bytes where " + in.remaining() + " are left");
        }
        byte[] some = new byte[length];
        in.get(some);
        return some;
    }
}
