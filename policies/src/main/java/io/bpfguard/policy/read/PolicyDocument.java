package io.bpfguard.policy.read;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.Family;
import io.bpfguard.policy.model.FamilyDefault;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Mode;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.PolicySelector;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.Rule;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** One YAML document as a policy. */
final class PolicyDocument {
    static final String KIND = "ContainerPolicy";
    static final Map<String, Mode> MODES = Map.of("enforce", Mode.ENFORCE, "audit", Mode.AUDIT);
    static final Map<String, Action> ACTIONS = Map.of("allow", Action.ALLOW, "audit", Action.AUDIT, "deny", Action.DENY,
            "kill", Action.KILL);

    static final Pattern DNS_1123_SUBDOMAIN =
            Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*");
    static final int NAME_LENGTH = 253;

    private final ProblemList problems;
    private final Values values;
    private final RuleReader rules;
    private final SelectorReader selectors;

    PolicyDocument(ProblemList problems) {
        this.problems = problems;
        this.values = new Values(problems);
        this.rules = new RuleReader(problems, values);
        this.selectors = new SelectorReader(problems, values);
    }

    /** The policy; empty when something is wrong, which then is in the problems. */
    Optional<ContainerPolicy> read(YamlNode document) {
        int before = problems.size();
        Optional<Fields> opened = Fields.of(document, "a policy", problems);
        if (opened.isEmpty()) {
            return Optional.empty();
        }
        Fields fields = opened.get();
        if (!Heading.check(fields, KIND, problems, values)) {
            return Optional.empty();
        }
        Optional<Located<String>> name = fields.require("metadata").flatMap(this::name);
        Optional<YamlNode> spec = fields.require("spec");
        fields.refuseOthers();
        Optional<ContainerPolicy> policy = spec.flatMap(node -> spec(node, name));
        return problems.size() == before ? policy : Optional.empty();
    }

    private Optional<Located<String>> name(YamlNode node) {
        return Fields.of(node, "metadata", problems).flatMap(fields -> {
            Optional<Located<String>> name = fields.require("name").flatMap(text -> values.text(text, "metadata.name"));
            fields.refuseOthers();
            name.filter(text -> text.value().length() > NAME_LENGTH || !DNS_1123_SUBDOMAIN.matcher(text.value())
                    .matches())
                    .ifPresent(text -> problems.add(text.at(), "metadata.name \"" + text.value()
                            + "\" is not a name: lower-case letters, digits, - and ., beginning and ending with a letter or digit, at most 253 long and 63 between dots"));
            return name;
        });
    }

    private Optional<ContainerPolicy> spec(YamlNode node, Optional<Located<String>> name) {
        return Fields.of(node, "spec", problems).flatMap(fields -> {
            Mode mode = fields.take("mode").flatMap(text -> values.word(text, "spec.mode", MODES)).map(Located::value)
                    .orElse(Mode.ENFORCE);
            PolicySelector selector = fields.take("selector").map(selectors::read).orElse(PolicySelector.EVERYTHING);
            List<FamilyDefault> defaults = fields.take("defaults").map(this::defaults).orElse(List.of());
            List<Rule> all = new ArrayList<>();
            boolean hasRules = !defaults.isEmpty() || fields.take("defaults").isPresent();
            for (Family family : Family.values()) {
                Optional<YamlNode> list = fields.take(family.key());
                hasRules |= list.isPresent();
                list.ifPresent(present -> all.addAll(rules.read(family, present)));
            }
            fields.refuseOthers();
            if (!hasRules) {
                problems.add(fields.at(), "spec has no rules and no defaults, so the policy does nothing");
            }
            refuseRepeatedNames(all);
            return name.map(text -> new ContainerPolicy(text, mode, selector, defaults, all));
        });
    }

    private List<FamilyDefault> defaults(YamlNode node) {
        List<FamilyDefault> defaults = new ArrayList<>();
        if (!(node instanceof YamlNode.Mapping mapping)) {
            problems.add(node.at(), "spec.defaults must be a mapping, not " + node.what());
            return defaults;
        }
        if (mapping.entries().isEmpty()) {
            problems.add(node.at(), "spec.defaults is empty; leave it out or name a family");
        }
        List<String> known = List.of(Family.values()).stream().filter(Family::hasDefault).map(Family::key).toList();
        for (YamlNode.Entry entry : mapping.entries()) {
            String key = entry.key().value();
            Position at = entry.key().at();
            Optional<Family> family = Family.ofKey(key);
            if (family.isEmpty()) {
                problems.add(at, "unknown key \"" + key + "\" in spec.defaults" + Nearest.hint(key, known) + " (known: "
                        + String.join(", ", known) + ")");
            } else if (!family.get().hasDefault()) {
                problems.add(at, key + " cannot have a default: no list of what is left over can be made (known: "
                        + String.join(", ", known) + ")");
            } else {
                values.word(entry.value(), "spec.defaults." + key, ACTIONS)
                        .ifPresent(action -> defaults.add(new FamilyDefault(family.get(), action.value(), at)));
            }
        }
        return defaults;
    }

    private void refuseRepeatedNames(List<Rule> all) {
        Map<String, Position> seen = new HashMap<>();
        List<Located<String>> names = all.stream().flatMap(rule -> rule.head().name().stream())
                .sorted(Comparator.comparing((Located<String> name) -> name.at().line())
                        .thenComparing(name -> name.at().column())).toList();
        for (Located<String> name : names) {
            Position first = seen.putIfAbsent(name.value(), name.at());
            if (first != null) {
                problems.add(name.at(), "the rule name \"" + name.value() + "\" is already taken in line "
                        + first.line() + " of this policy");
            }
        }
    }
}
