package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.FileKind;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.model.ByteSet;
import io.bpfguard.policy.model.DeviceRange;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Rule;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/** What the keys of files look like that a rule is about. */
final class FileSubject {
    private static final int SEPARATOR = 1;
    private static final int SHOWN_SEPARATOR = 2;
    private static final GlobToken BETWEEN = new GlobToken.One(ByteSet.of(SEPARATOR));
    private static final GlobToken ANYTHING = new GlobToken.Anything();

    private final Map<KeyField, List<List<GlobToken>>> fields = new EnumMap<>(KeyField.class);

    private FileSubject() {}

    static Subject.Keys of(Rule.Processes rule) {
        FileSubject subject = new FileSubject();
        subject.globs(KeyField.PATH, rule.paths());
        subject.globs(KeyField.SOURCE, rule.from());
        subject.put(KeyField.PROGRAM_ARGUMENTS, globs(rule.arguments()).stream().map(FileSubject::oneArgument).toList());
        if (!rule.origins().isEmpty()) {
            subject.kinds(kinds -> rule.origins().stream().anyMatch(origin -> (kinds & origin.bit()) != 0));
        }
        return new Subject.Keys(subject.fields, Subject.numbers(rule.operations()));
    }

    static Subject.Keys of(Rule.Files rule) {
        FileSubject subject = new FileSubject();
        subject.globs(KeyField.PATH, rule.paths());
        subject.globs(KeyField.SOURCE, rule.from());
        subject.globs(KeyField.FILE_SYSTEM, rule.fileSystems());
        subject.put(KeyField.DEVICE, rule.devices().stream().map(DeviceRange::sequences).flatMap(List::stream).toList());
        if (rule.own().isPresent() || rule.foreignMount()) {
            subject.kinds(kinds -> rule.own().map(own -> own == ((kinds & FileKind.OWN.bit()) != 0)).orElse(true)
                    && (!rule.foreignMount() || (kinds & FileKind.FOREIGN_MOUNT.bit()) != 0));
        }
        return new Subject.Keys(subject.fields, Subject.numbers(rule.operations()));
    }

    private void put(KeyField field, List<List<GlobToken>> sequences) {
        if (!sequences.isEmpty()) {
            fields.put(field, sequences);
        }
    }

    private void globs(KeyField field, List<Located<Glob>> globs) {
        put(field, globs(globs));
    }

    private static List<List<GlobToken>> globs(List<Located<Glob>> globs) {
        return Subject.sequences(globs.stream().map(Located::value).toList());
    }

    private void kinds(IntPredicate wanted) {
        ByteSet bytes = ByteSet.NONE;
        for (int kinds = 0; kinds < 256; kinds++) {
            bytes = wanted.test(kinds) ? bytes.union(ByteSet.of(kinds)) : bytes;
        }
        put(KeyField.FILE_KIND, List.of(List.of(new GlobToken.One(bytes))));
    }

    /** All arguments of which one is this: it stands between two separators and has none inside. */
    private static List<GlobToken> oneArgument(List<GlobToken> argument) {
        List<GlobToken> tokens = new ArrayList<>(List.of(ANYTHING, BETWEEN));
        for (GlobToken token : argument) {
            tokens.add(switch (token) {
                case GlobToken.One(ByteSet bytes) when bytes.contains(SEPARATOR) ->
                    new GlobToken.One(bytes.minus(ByteSet.of(SEPARATOR)).union(ByteSet.of(SHOWN_SEPARATOR)));
                case GlobToken.One one -> one;
                case GlobToken.Anything _ -> new GlobToken.Many(ByteSet.ANY.minus(ByteSet.of(SEPARATOR)));
                case GlobToken.Component _, GlobToken.Directories _, GlobToken.Many _, GlobToken.OneOf _ ->
                    throw new IllegalArgumentException(token + " in a glob for an argument");
            });
        }
        tokens.addAll(List.of(BETWEEN, ANYTHING));
        return tokens;
    }
}
