package io.bpfguard.policy.read;

import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Rule;
import io.bpfguard.policy.model.Rule.Programs.Parameter;
import io.bpfguard.policy.model.Rule.Programs.Value;
import io.bpfguard.policy.model.RuleHead;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Rules that name a custom program. */
final class ProgramRuleReader {
    static final Pattern OBJECT = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*\\.bpf\\.o");
    static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern DECIMAL = Pattern.compile("-?(0|[1-9][0-9]{0,19})");
    private static final Pattern HEXADECIMAL = Pattern.compile("0x[0-9a-fA-F]{1,16}");

    private final ProblemList problems;
    private final Values values;

    ProgramRuleReader(ProblemList problems, Values values) {
        this.problems = problems;
        this.values = values;
    }

    Optional<Rule> read(RuleHead head, YamlNode object, String owner, Fields fields) {
        Optional<Located<String>> name = object(object, owner);
        List<Parameter> parameters = fields.take("parameters").map(node -> parameters(node, "programs[" + head.index() + "].parameters"))
                .orElse(List.of());
        return name.map(file -> new Rule.Programs(head, file, parameters));
    }

    /** The name of an object's file. */
    Optional<Located<String>> object(YamlNode node, String owner) {
        return values.text(node, owner).filter(text -> {
            boolean named = OBJECT.matcher(text.value()).matches();
            if (!named) {
                problems.add(text.at(), owner + " cannot be \"" + text.value()
                        + "\"; it is the name of a file in the directory of programs, without a path, that ends in .bpf.o");
            }
            return named;
        });
    }

    private List<Parameter> parameters(YamlNode node, String owner) {
        if (!(node instanceof YamlNode.Mapping mapping)) {
            problems.add(node.at(), owner + " must be a mapping of variables to values, not " + node.what());
            return List.of();
        }
        List<Parameter> parameters = new ArrayList<>();
        for (YamlNode.Entry entry : mapping.entries()) {
            if (!VARIABLE.matcher(entry.key().value()).matches()) {
                problems.add(entry.key().at(), "\"" + entry.key().value() + "\" in " + owner + " is no name of a variable in C");
            } else {
                value(entry.value(), owner + "." + entry.key().value()).ifPresent(value -> parameters.add(new Parameter(entry.key(), value)));
            }
        }
        return parameters;
    }

    private Optional<Located<Value>> value(YamlNode node, String owner) {
        if (node instanceof YamlNode.Scalar(String text, boolean quoted, var at)) {
            if (quoted) {
                // Also none at all: a variable may be meant to be empty.
                return Optional.of(new Located<>(new Value.Text(text), at));
            }
            switch (PlainScalar.kind(text)) {
                case NUMBER -> {
                    Optional<BigInteger> number = number(text);
                    if (number.isEmpty()) {
                        problems.add(at, owner + " cannot be " + text + "; write a whole number in decimal (10) or hexadecimal (0x0a), or text in quotes");
                    }
                    return number.map(value -> new Located<>(new Value.Number(value), at));
                }
                case BOOLEAN -> {
                    String word = text.toLowerCase(Locale.ROOT);
                    if (word.equals("true") || word.equals("false")) {
                        return Optional.of(new Located<>(new Value.Flag(word.equals("true")), at));
                    }
                    problems.add(at, owner + " cannot be " + text + ", which some YAML parsers take for a boolean; write true or false, or text in quotes");
                    return Optional.empty();
                }
                default -> { }
            }
        }
        return values.text(node, owner).map(text -> new Located<>(new Value.Text(text.value()), text.at()));
    }

    private static Optional<BigInteger> number(String text) {
        if (HEXADECIMAL.matcher(text).matches()) {
            return Optional.of(new BigInteger(text.substring(2), 16));
        }
        return DECIMAL.matcher(text).matches() ? Optional.of(new BigInteger(text)) : Optional.empty();
    }
}
