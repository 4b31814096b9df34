package io.bpfguard.policy.compile;

import io.bpfguard.policy.check.Enforcement;
import io.bpfguard.policy.check.Subject;
import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.FunctionProgram;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.model.ByteSet;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.LabelRequirement;
import io.bpfguard.policy.model.PolicySelector;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes {@link CompiledPolicies}: a line that names the format, the selectors, the custom programs, what keys are compared with, the
 * rules. Integers are big-endian; bytes and lists begin with their length, 4 bytes; constants of enums are written by name. What many
 * rules have in common is written once and then named by its number; a text, where it first comes. What has no order is sorted, so equal policies are equal bytes.
 */
final class StateWriter {
    /** The first line; the number goes up when anything behind it changes. */
    static final String FORMAT = "BPFGuard compiled policies 2\n";
    /** What a {@link HookPoint}, a {@link Subject} or a {@link GlobToken} begins with: the place of its type in these lists. */
    static final List<Class<? extends HookPoint>> HOOKS = List.of(LsmHook.class, KernelFunction.class, FunctionProgram.class);
    static final List<Class<? extends Subject>> SUBJECTS = List.of(Subject.Keys.class, Subject.Arguments.class, Subject.Capabilities.class,
            Subject.SystemCalls.class, Subject.Signals.class, Subject.ProcessFiles.class, Subject.Program.class, Subject.Always.class, Subject.Rest.class);
    static final List<Class<? extends GlobToken>> TOKENS = List.of(GlobToken.One.class, GlobToken.Component.class, GlobToken.Anything.class,
            GlobToken.Directories.class, GlobToken.Many.class, GlobToken.OneOf.class);
    /** In the place of a token's type: bytes follow, each of which is a {@link GlobToken.One} of this byte alone. */
    static final int LITERAL = TOKENS.size();

    private final DataOutputStream out;
    private final Map<String, Integer> texts = new HashMap<>();
    /** An object can be large, and many rules can name it. */
    private final Map<CustomProgram, Integer> programs = new LinkedHashMap<>();
    /** A rule about files is at several hooks, with the same paths at each. */
    private final Map<List<List<GlobToken>>, Integer> sequences = new LinkedHashMap<>();

    private interface Item<T> {
        void write(T value) throws IOException;
    }

    private StateWriter(OutputStream out) {
        this.out = new DataOutputStream(out);
    }

    /** Writes the bytes of the file, in many small pieces. */
    static void write(Map<String, PolicySelector> selectors, Map<String, List<NumberedRule>> rules, OutputStream out) throws IOException {
        StateWriter writer = new StateWriter(out);
        writer.all(new TreeMap<>(selectors), rules);
        writer.out.flush();
    }

    private void all(TreeMap<String, PolicySelector> selectors, Map<String, List<NumberedRule>> rules) throws IOException {
        out.write(FORMAT.getBytes(StandardCharsets.US_ASCII));
        list(selectors.entrySet(), entry -> {
            text(entry.getKey());
            selector(entry.getValue());
        });
        for (String name : selectors.keySet()) {
            rules.get(name).forEach(this::noteShared);
        }
        list(programs.keySet(), this::program);
        list(sequences.keySet(), this::sequences);
        for (String name : selectors.keySet()) {
            list(rules.get(name), this::rule);
        }
    }

    private void noteShared(NumberedRule rule) {
        switch (rule.enforcement().subject()) {
            case Subject.Keys(var fields, var _) -> fields.entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(field -> noteSequences(field.getValue()));
            case Subject.Arguments(var values) -> inOrder(values).forEach(value -> noteSequences(value.getValue()));
            case Subject.Program(CustomProgram program) -> noteProgram(program);
            default -> { }
        }
        if (rule.enforcement().hook() instanceof FunctionProgram(KernelFunction _, boolean _, CustomProgram program)) {
            noteProgram(program);
        }
    }

    private void noteProgram(CustomProgram program) {
        programs.putIfAbsent(program, programs.size());
    }

    private void noteSequences(List<List<GlobToken>> some) {
        sequences.putIfAbsent(some, sequences.size());
    }

    private static List<Map.Entry<Extractor, List<List<GlobToken>>>> inOrder(Map<Extractor, List<List<GlobToken>>> values) {
        return values.entrySet().stream().sorted(Map.Entry.comparingByKey(Extractor.ORDER)).toList();
    }

    private void selector(PolicySelector selector) throws IOException {
        list(selector.namespaces(), this::glob);
        list(selector.podLabels(), this::requirement);
        list(selector.containers(), this::glob);
        list(selector.kinds().stream().sorted().toList(), this::constant);
        list(selector.images(), this::glob);
    }

    private void glob(Glob glob) throws IOException {
        constant(glob.kind());
        text(glob.text());
    }

    private void requirement(LabelRequirement requirement) throws IOException {
        text(requirement.key());
        constant(requirement.operator());
        list(requirement.values().stream().sorted().toList(), this::text);
    }

    private void program(CustomProgram program) throws IOException {
        text(program.name());
        bytes(program.image());
        list(program.constants().entrySet(), constant -> {
            text(constant.getKey());
            bytes(constant.getValue());
        });
    }

    private void rule(NumberedRule rule) throws IOException {
        out.writeInt(rule.info().number());
        text(rule.info().policy());
        text(rule.info().rule());
        list(rule.info().mechanisms(), this::text);
        text(rule.at().file());
        out.writeInt(rule.at().line());
        out.writeInt(rule.at().column());
        enforcement(rule.enforcement());
    }

    private void enforcement(Enforcement enforcement) throws IOException {
        hook(enforcement.hook());
        constant(enforcement.matcher());
        subject(enforcement.subject());
        constant(enforcement.action());
        constant(enforcement.mode());
        out.writeInt(enforcement.errno());
        text(enforcement.mechanism());
        text(enforcement.note());
    }

    private void hook(HookPoint hook) throws IOException {
        out.writeByte(HOOKS.indexOf(hook.getClass()));
        switch (hook) {
            case LsmHook(String name) -> text(name);
            case KernelFunction function -> text(function.label());
            case FunctionProgram(KernelFunction function, boolean prevents, CustomProgram program) -> {
                text(function.label());
                out.writeBoolean(prevents);
                out.writeInt(programs.get(program));
            }
        }
    }

    private void subject(Subject subject) throws IOException {
        out.writeByte(SUBJECTS.indexOf(subject.getClass()));
        switch (subject) {
            case Subject.Keys(var fields, var operations) -> {
                list(new TreeMap<>(fields).entrySet(), field -> {
                    constant(field.getKey());
                    out.writeInt(sequences.get(field.getValue()));
                });
                numbers(operations);
            }
            case Subject.Arguments(var values) -> list(inOrder(values), value -> {
                extractor(value.getKey());
                out.writeInt(sequences.get(value.getValue()));
            });
            case Subject.Capabilities(var numbers) -> numbers(numbers);
            case Subject.SystemCalls(var numbers64, var numbers32) -> {
                numbers(numbers64);
                numbers(numbers32);
            }
            case Subject.Signals(var signals, var targets) -> {
                numbers(signals);
                list(targets.stream().sorted().toList(), this::constant);
            }
            case Subject.ProcessFiles(var accesses) -> list(accesses.stream().sorted().toList(), this::constant);
            case Subject.Program(CustomProgram program) -> out.writeInt(programs.get(program));
            case Subject.Always() -> { }
            case Subject.Rest(var operations) -> numbers(operations);
        }
    }

    private void extractor(Extractor extractor) throws IOException {
        constant(extractor.source());
        out.writeInt(extractor.index());
        constant(extractor.kind());
        list(extractor.offsets(), out::writeInt);
        out.writeInt(extractor.size());
        out.writeInt(extractor.shift());
        out.writeInt(extractor.bits());
        out.writeInt(extractor.mount());
    }

    private void sequences(List<List<GlobToken>> sequences) throws IOException {
        list(sequences, this::sequence);
    }

    private void sequence(List<GlobToken> sequence) throws IOException {
        out.writeInt(sequence.size());
        ByteArrayOutputStream literal = new ByteArrayOutputStream();
        for (GlobToken token : sequence) {
            if (token instanceof GlobToken.One(ByteSet set) && set.single() >= 0) {
                literal.write(set.single());
            } else {
                literal(literal);
                token(token);
            }
        }
        literal(literal);
    }

    private void literal(ByteArrayOutputStream literal) throws IOException {
        if (literal.size() > 0) {
            out.writeByte(LITERAL);
            bytes(literal.toByteArray());
            literal.reset();
        }
    }

    private void token(GlobToken token) throws IOException {
        out.writeByte(TOKENS.indexOf(token.getClass()));
        switch (token) {
            case GlobToken.One(ByteSet set) -> byteSet(set);
            case GlobToken.Many(ByteSet set) -> byteSet(set);
            case GlobToken.OneOf(var alternatives) -> sequences(alternatives);
            case GlobToken.Component _, GlobToken.Anything _, GlobToken.Directories _ -> { }
        }
    }

    private void byteSet(ByteSet set) throws IOException {
        out.writeLong(set.w0());
        out.writeLong(set.w1());
        out.writeLong(set.w2());
        out.writeLong(set.w3());
    }

    private void numbers(Collection<Integer> numbers) throws IOException {
        list(numbers.stream().sorted(Comparator.naturalOrder()).toList(), out::writeInt);
    }

    private <T> void list(Collection<T> items, Item<? super T> item) throws IOException {
        out.writeInt(items.size());
        for (T value : items) {
            item.write(value);
        }
    }

    private void constant(Enum<?> constant) throws IOException {
        text(constant.name());
    }

    private void text(String text) throws IOException {
        Integer known = texts.putIfAbsent(text, texts.size());
        out.writeInt(known == null ? texts.size() - 1 : known);
        if (known == null) {
            bytes(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private void bytes(byte[] some) throws IOException {
        out.writeInt(some.length);
        out.write(some);
    }
}
