package io.bpfguard.policy.read;

import io.bpfguard.policy.model.ContainerKind;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.LabelRequirement;
import io.bpfguard.policy.model.LabelRequirement.Operator;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.PolicySelector;
import io.bpfguard.policy.model.Position;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * {@code spec.selector}. Label keys, values and expressions are checked as Kubernetes does
 * ({@code apimachinery/pkg/apis/meta/v1/validation}, {@code util/validation}).
 */
final class SelectorReader {
    static final Map<String, Operator> OPERATORS =
            Arrays.stream(Operator.values()).collect(Collectors.toUnmodifiableMap(Operator::word,
                    operator -> operator));
    static final Map<String, ContainerKind> KINDS = Map.of("workload", ContainerKind.WORKLOAD, "init", ContainerKind.INIT,
            "ephemeral", ContainerKind.EPHEMERAL);
    static final Pattern LABEL_VALUE = Pattern.compile("([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?");
    static final Pattern LABEL_KEY = Pattern.compile(
            "([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");

    private final ProblemList problems;
    private final Values values;

    SelectorReader(ProblemList problems, Values values) {
        this.problems = problems;
        this.values = values;
    }

    PolicySelector read(YamlNode node) {
        return fields(node, "spec.selector").map(fields -> {
            List<Glob> namespaces = globs(fields, "namespaces", Glob.Kind.NAME);
            List<LabelRequirement> labels = fields.take("podLabels").map(this::labels).orElse(List.of());
            List<Glob> containers = globs(fields, "containers", Glob.Kind.NAME);
            Set<ContainerKind> kinds = fields.take("kinds").map(this::kinds).orElse(Set.of());
            List<Glob> images = globs(fields, "images", Glob.Kind.TEXT);
            fields.refuseOthers();
            return new PolicySelector(namespaces, labels, containers, kinds, images);
        }).orElse(PolicySelector.EVERYTHING);
    }

    private Optional<Fields> fields(YamlNode node, String owner) {
        Optional<Fields> fields = Fields.of(node, owner, problems);
        if (fields.isPresent() && fields.get().isEmpty()) {
            problems.add(node.at(), owner + " is empty; leave it out to select every container");
            return Optional.empty();
        }
        return fields;
    }

    private List<Glob> globs(Fields fields, String key, Glob.Kind kind) {
        return fields.take(key).map(node -> values.globs(node, "spec.selector." + key, kind))
                .orElse(List.of())
                .stream().map(Located::value).toList();
    }

    private Set<ContainerKind> kinds(YamlNode node) {
        Set<ContainerKind> kinds = EnumSet.noneOf(ContainerKind.class);
        for (Located<String> text : values.texts(node, "spec.selector.kinds")) {
            values.word(text, "an entry of spec.selector.kinds", KINDS).ifPresent(kind -> kinds.add(kind.value()));
        }
        return kinds;
    }

    private List<LabelRequirement> labels(YamlNode node) {
        List<LabelRequirement> requirements = new ArrayList<>();
        fields(node, "podLabels").ifPresent(fields -> {
            fields.take("matchLabels").ifPresent(map -> matchLabels(map, requirements));
            fields.take("matchExpressions").ifPresent(list -> {
                for (YamlNode item : values.items(list, "matchExpressions")) {
                    expression(item).ifPresent(requirements::add);
                }
            });
            fields.refuseOthers();
        });
        return requirements;
    }

    private void matchLabels(YamlNode node, List<LabelRequirement> requirements) {
        if (!(node instanceof YamlNode.Mapping mapping)) {
            problems.add(node.at(), "matchLabels must be a mapping, not " + node.what());
            return;
        }
        if (mapping.entries().isEmpty()) {
            problems.add(node.at(), "matchLabels is empty; leave it out or name a label");
        }
        for (YamlNode.Entry entry : mapping.entries()) {
            checkKey(entry.key());
            labelValue(entry.value(), "the value of label " + entry.key().value()).ifPresent(value -> requirements
                    .add(new LabelRequirement(entry.key().value(), Operator.IN, Set.of(value.value()))));
        }
    }

    private Optional<LabelRequirement> expression(YamlNode node) {
        return Fields.of(node, "a match expression", problems).flatMap(fields -> {
            Optional<Located<String>> key = fields.require("key").flatMap(text -> values.text(text, "key"));
            key.ifPresent(this::checkKey);
            Optional<Located<Operator>> operator =
                    fields.require("operator").flatMap(text -> values.word(text, "operator", OPERATORS));
            Optional<YamlNode> list = fields.take("values");
            Set<String> compared = list.map(this::expressionValues).orElse(Set.of());
            fields.refuseOthers();
            operator.ifPresent(op -> checkValues(op, fields.at(), list));
            return key.flatMap(k -> operator.map(op -> new LabelRequirement(k.value(), op.value(), compared)));
        });
    }

    private void checkValues(Located<Operator> operator, Position at, Optional<YamlNode> list) {
        if (operator.value().hasValues() && list.isEmpty()) {
            problems.add(at, "a match expression with operator " + operator.value().word() + " needs values");
        }
        if (!operator.value().hasValues() && list.isPresent()) {
            problems.add(list.get().at(), "a match expression with operator " + operator.value().word()
                    + " has no values");
        }
    }

    private Set<String> expressionValues(YamlNode node) {
        return values.items(node, "values").stream().flatMap(item -> labelValue(item, "an entry of values").stream())
                .map(Located::value).collect(Collectors.toUnmodifiableSet());
    }

    /** A label's value, which may be empty when it is quoted. */
    private Optional<Located<String>> labelValue(YamlNode node, String owner) {
        Optional<Located<String>> value = node instanceof YamlNode.Scalar(String text, boolean quoted, Position at)
                && quoted
                ? Optional.of(new Located<>(text, at)) : values.text(node, owner);
        value.filter(text -> !LABEL_VALUE.matcher(text.value()).matches())
                .ifPresent(text -> problems.add(text.at(), owner
                + " cannot be \"" + text.value() + "\": label values have at most 63 letters, digits, -, _ and ., and begin and end with a letter or digit"));
        return value;
    }

    private void checkKey(Located<String> key) {
        int slash = key.value().indexOf('/');
        if (slash > 253 || !LABEL_KEY.matcher(key.value()).matches()) {
            problems.add(key.at(), "\"" + key.value() + "\" is no label key: an optional DNS name and /, then at most 63 letters, digits, -, _ and .");
        }
    }
}
