package io.bpfguard.policy.read;

import io.bpfguard.policy.model.Condition;
import io.bpfguard.policy.model.Condition.Test;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.KernelNumber;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Position;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The conditions of a rule on arguments. Whether the argument is there, and a number or a text, is the checker's. */
final class ConditionReader {
    static final Pattern ARGUMENT = Pattern.compile("([0-9]{1,2}|[A-Za-z_][A-Za-z0-9_]*)(\\.[A-Za-z_][A-Za-z0-9_]*)*");
    private static final String NUMBER = "-?[0-9][0-9a-zA-Z]*";
    static final Pattern RANGE = Pattern.compile("(" + NUMBER + ")-(" + NUMBER + ")");

    private final ProblemList problems;
    private final Values values;

    ConditionReader(ProblemList problems, Values values) {
        this.problems = problems;
        this.values = values;
    }

    /** A list of conditions; wrong ones are problems and left out. */
    List<Condition> read(YamlNode node, String owner) {
        return values.each(node, owner, this::condition);
    }

    private Optional<Condition> condition(YamlNode node, String owner) {
        return Fields.of(node, owner, problems).flatMap(fields -> {
            Optional<Located<String>> argument = fields.require("argument").flatMap(name -> argument(name, owner + ".argument"));
            Optional<YamlNode> equals = fields.take("equals");
            Optional<YamlNode> mask = fields.take("mask");
            Optional<YamlNode> range = fields.take("range");
            Optional<YamlNode> matches = fields.take("matches");
            fields.refuseOthers();
            int kinds = (equals.isPresent() || mask.isPresent() ? 1 : 0) + (range.isPresent() ? 1 : 0) + (matches.isPresent() ? 1 : 0);
            if (kinds != 1) {
                problems.add(fields.at(), owner + (kinds == 0 ? " compares with nothing; give it equals, mask, range or matches"
                        : " has more than one of equals and mask, range, and matches; write a condition for each"));
                return Optional.empty();
            }
            Optional<? extends Test> test = range.isPresent() ? range(range.get(), owner + ".range")
                    : matches.isPresent() ? matches(matches.get(), owner + ".matches") : masked(equals, mask, owner);
            return argument.isPresent() && test.isPresent() ? Optional.of(new Condition(argument.get(), test.get())) : Optional.empty();
        });
    }

    private Optional<Located<String>> argument(YamlNode node, String owner) {
        Optional<Located<String>> text = values.scalar(node, owner);
        return text.filter(name -> {
            boolean matches = ARGUMENT.matcher(name.value()).matches();
            if (!matches) {
                problems.add(name.at(), owner + " cannot be \"" + name.value() + "\": an index from 0, a name, or a name with members behind it (file.f_flags)");
            }
            return matches;
        });
    }

    private Optional<Test> masked(Optional<YamlNode> equals, Optional<YamlNode> mask, String owner) {
        Optional<Located<KernelNumber>> bits = mask.flatMap(node -> number(node, owner + ".mask"));
        if (mask.isPresent() && bits.isEmpty()) {
            return Optional.empty();
        }
        if (bits.isPresent() && bits.get().value().value().signum() == 0) {
            problems.add(bits.get().at(), owner + ".mask is 0, which says nothing of the argument");
            return Optional.empty();
        }
        if (equals.isEmpty()) {
            return bits.map(Test.AllSet::new);
        }
        List<Located<KernelNumber>> numbers = numbers(equals.get(), owner + ".equals");
        for (Located<KernelNumber> number : numbers) {
            if (bits.isPresent() && (number.value().bits() & ~bits.get().value().bits()) != 0) {
                problems.add(number.at(), owner + ".equals " + number.value() + " has bits that the mask " + bits.get().value()
                        + " takes away, so it can never be");
                return Optional.empty();
            }
        }
        return numbers.isEmpty() ? Optional.empty() : Optional.of(new Test.Equal(bits, numbers));
    }

    private Optional<Test> range(YamlNode node, String owner) {
        return values.scalar(node, owner).flatMap(text -> {
            Matcher parts = RANGE.matcher(text.value());
            if (!parts.matches()) {
                problems.add(text.at(), owner + " cannot be \"" + text.value() + "\": the first and the last number with a - between them, such as \"10-20\"");
                return Optional.empty();
            }
            Optional<Located<KernelNumber>> first = number(parts.group(1), text.at(), owner);
            Optional<Located<KernelNumber>> last = number(parts.group(2), text.at(), owner);
            if (first.isEmpty() || last.isEmpty()) {
                return Optional.empty();
            }
            if (first.get().value().value().compareTo(last.get().value().value()) > 0) {
                problems.add(text.at(), owner + " " + text.value() + " ends before it begins");
                return Optional.empty();
            }
            return Optional.of(new Test.Between(first.get(), last.get()));
        });
    }

    /** The globs, whose kind is known when the argument's type is: what is no glob for text is no glob at all. */
    private Optional<Test> matches(YamlNode node, String owner) {
        List<Located<String>> globs = values.globs(node, owner, Glob.Kind.TEXT).stream().map(glob -> new Located<>(glob.value().text(), glob.at())).toList();
        return globs.isEmpty() ? Optional.empty() : Optional.of(new Test.Matches(globs));
    }

    /** A number, or a list of some. */
    private List<Located<KernelNumber>> numbers(YamlNode node, String owner) {
        if (!(node instanceof YamlNode.Sequence)) {
            return number(node, owner).stream().toList();
        }
        return values.items(node, owner).stream().flatMap(item -> number(item, "an entry of " + owner).stream()).toList();
    }

    private Optional<Located<KernelNumber>> number(YamlNode node, String owner) {
        return values.scalar(node, owner).flatMap(text -> number(text.value(), text.at(), owner));
    }

    private Optional<Located<KernelNumber>> number(String text, Position at, String owner) {
        try {
            return Optional.of(new Located<>(KernelNumber.parse(text), at));
        } catch (KernelNumber.NotANumber e) {
            problems.add(at, owner + " \"" + text + "\" " + e.getMessage());
            return Optional.empty();
        }
    }
}
