package io.bpfguard.policy.read;

import io.bpfguard.policy.model.Errno;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobSyntaxException;
import io.bpfguard.policy.model.IntegerRange;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Values of the types that the language has; a wrong one is a problem and empty. */
final class Values {
    /** A number, or two with a dash between them. */
    static final Pattern RANGE = Pattern.compile("(0|[1-9][0-9]{0,8})(?:-(0|[1-9][0-9]{0,8}))?");

    private static final Pattern ERROR_NUMBER = Pattern.compile("[1-9][0-9]{0,3}");

    private final ProblemList problems;

    Values(ProblemList problems) {
        this.problems = problems;
    }

    /** Text: in quotes, or nothing that some YAML parser takes for something else. */
    Optional<Located<String>> text(YamlNode node, String owner) {
        if (!(node instanceof YamlNode.Scalar scalar)) {
            problems.add(node.at(), owner + " must be text, not " + node.what());
            return Optional.empty();
        }
        PlainScalar.Kind kind = scalar.quoted() ? PlainScalar.Kind.TEXT : PlainScalar.kind(scalar.text());
        if (kind == PlainScalar.Kind.NULL && scalar.text().isEmpty()) {
            problems.add(node.at(), owner + " has no value");
            return Optional.empty();
        }
        if (kind != PlainScalar.Kind.TEXT) {
            problems.add(node.at(), owner + " must be text, but " + scalar.text() + " is " + kind.words()
                    + " to YAML; write it in quotes: \"" + scalar.text() + "\"");
            return Optional.empty();
        }
        if (scalar.text().isEmpty()) {
            problems.add(node.at(), owner + " is empty");
            return Optional.empty();
        }
        return Optional.of(new Located<>(scalar.text(), node.at()));
    }

    /** Whether it is a number without quotes. */
    static boolean isNumber(YamlNode node) {
        return node instanceof YamlNode.Scalar(String text, boolean quoted, _) && !quoted && PlainScalar.kind(text) == PlainScalar.Kind.NUMBER;
    }

    /** Text, or a number without quotes as it is written. */
    Optional<Located<String>> scalar(YamlNode node, String owner) {
        if (node instanceof YamlNode.Scalar(String text, boolean quoted, Position at) && !quoted && PlainScalar.kind(text) == PlainScalar.Kind.NUMBER) {
            return Optional.of(new Located<>(text, at));
        }
        return text(node, owner);
    }

    /** A list of text with at least one entry; wrong entries are problems and left out. */
    List<Located<String>> texts(YamlNode node, String owner) {
        List<Located<String>> texts = new ArrayList<>();
        for (YamlNode item : items(node, owner)) {
            text(item, "an entry of " + owner).ifPresent(texts::add);
        }
        return texts;
    }

    /** The entries of a list, of which there must be one. */
    List<YamlNode> items(YamlNode node, String owner) {
        if (!(node instanceof YamlNode.Sequence sequence)) {
            problems.add(node.at(), owner + " must be a list, not " + node.what());
            return List.of();
        }
        if (sequence.items().isEmpty()) {
            problems.add(node.at(), owner + " is an empty list; leave the key out or name something");
        }
        return sequence.items();
    }

    /** A list of what {@code reader} makes of a node and its name in messages; entries that are nothing are left out. */
    <T> List<T> each(YamlNode node, String owner, BiFunction<YamlNode, String, Optional<T>> reader) {
        List<YamlNode> items = items(node, owner);
        return IntStream.range(0, items.size()).boxed().flatMap(i -> reader.apply(items.get(i), owner + "[" + i + "]").stream()).toList();
    }

    /** A list of globs. */
    List<Located<Glob>> globs(YamlNode node, String owner, Glob.Kind kind) {
        List<Located<Glob>> globs = new ArrayList<>();
        for (Located<String> text : texts(node, owner)) {
            try {
                globs.add(new Located<>(Glob.parse(text.value(), kind), text.at()));
            } catch (GlobSyntaxException e) {
                problems.add(text.at(), "the glob \"" + text.value() + "\" in " + owner + " " + e.getMessage());
            }
        }
        return globs;
    }

    /**
     * How a problem speaks of numbers of some kind.
     *
     * @param what one of them: {@code a port}
     * @param limits what goes from 0 to the highest: {@code ports go}
     * @param one an example, and {@code several} one of a range
     */
    record Numbers(String what, String limits, String one, String several) {
        static final Numbers ANY = new Numbers("a number", "it goes", "8", "0-15");
    }

    /** A number without quotes, or two with a dash between them. */
    Optional<IntegerRange> range(YamlNode node, String owner, int max) {
        return range(node, owner, max, Numbers.ANY);
    }

    /** The same of numbers of some kind. */
    Optional<IntegerRange> range(YamlNode node, String owner, int max, Numbers kind) {
        if (!(node instanceof YamlNode.Scalar(String text, _, _))) {
            problems.add(node.at(), owner + " must be " + kind.what() + " or a range like " + kind.several() + ", not " + node.what());
            return Optional.empty();
        }
        Matcher matcher = RANGE.matcher(text);
        if (!matcher.matches()) {
            problems.add(node.at(), owner + " cannot be \"" + text + "\"; write " + kind.what() + " (" + kind.one() + ") or a range (" + kind.several() + ")");
            return Optional.empty();
        }
        int first = Integer.parseInt(matcher.group(1));
        int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
        if (Math.max(first, last) > max) {
            problems.add(node.at(), owner + " cannot be " + text + "; " + kind.limits() + " from 0 to " + max);
            return Optional.empty();
        }
        if (last < first) {
            problems.add(node.at(), owner + " cannot be " + text + ", which ends before it begins; write " + last + "-" + first);
            return Optional.empty();
        }
        return Optional.of(new IntegerRange(first, last));
    }

    /** A number without quotes. */
    Optional<Integer> integer(YamlNode node, String owner, int max) {
        return range(node, owner, max).flatMap(range -> {
            if (range.first() != range.last()) {
                problems.add(node.at(), owner + " must be one number, not a range");
                return Optional.empty();
            }
            return Optional.of(range.first());
        });
    }

    /** One of a few words. */
    <T> Optional<Located<T>> word(YamlNode node, String owner, Map<String, T> words) {
        return text(node, owner).flatMap(text -> word(text, owner, words));
    }

    /** One of a few words. */
    <T> Optional<Located<T>> word(Located<String> text, String owner, Map<String, T> words) {
        T value = words.get(text.value());
        if (value == null) {
            problems.add(text.at(), owner + " cannot be \"" + text.value() + "\""
                    + Nearest.hint(text.value(), words.keySet())
                    + " (known: " + String.join(", ", words.keySet().stream().sorted().toList()) + ")");
            return Optional.empty();
        }
        return Optional.of(new Located<>(value, text.at()));
    }

    /** The number of an error that is written as a name or a number. */
    OptionalInt errno(YamlNode node, String owner) {
        if (node instanceof YamlNode.Scalar(String text, boolean quoted, _) && !quoted
                && PlainScalar.kind(text) == PlainScalar.Kind.NUMBER) {
            if (ERROR_NUMBER.matcher(text).matches() && Integer.parseInt(text) <= Errno.MAX) {
                return OptionalInt.of(Integer.parseInt(text));
            }
            problems.add(node.at(), owner + " cannot be " + text + "; errors are numbered 1 to " + Errno.MAX);
            return OptionalInt.empty();
        }
        Optional<Located<String>> name = text(node, owner);
        OptionalInt number = name.map(text -> Errno.number(text.value())).orElse(OptionalInt.empty());
        if (number.isEmpty()) {
            name.ifPresent(text -> problems.add(text.at(), owner + " cannot be \"" + text.value() + "\", which names no error"
                    + Nearest.hint(text.value(), Errno.names())));
        }
        return number;
    }
}
