package io.bpfguard.policy.read;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.model.Abi;
import io.bpfguard.policy.model.Capability;
import io.bpfguard.policy.model.Condition;
import io.bpfguard.policy.model.Errno;
import io.bpfguard.policy.model.Family;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Mode;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Rule;
import io.bpfguard.policy.model.RuleHead;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The rules of a family. */
final class RuleReader {
    static final Map<String, Abi> ABIS = Map.of("64", Abi.BITS_64, "32", Abi.BITS_32);
    static final Map<String, Action> FALLBACKS = Map.of("kill", Action.KILL, "audit", Action.AUDIT);
    static final Pattern MODULE_NAME = Pattern.compile("[-A-Za-z0-9_]{1,55}");
    static final Pattern KERNEL_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.]*");

    private final ProblemList problems;
    private final Values values;
    private final NetworkReader network;
    private final FileRuleReader files;
    private final ConditionReader conditions;
    private final NamedFamilies named;
    private final ProgramRuleReader programs;

    RuleReader(ProblemList problems, Values values) {
        this.problems = problems;
        this.values = values;
        this.network = new NetworkReader(problems, values);
        this.files = new FileRuleReader(problems, values);
        this.named = new NamedFamilies(problems, values);
        this.conditions = new ConditionReader(problems, values);
        this.programs = new ProgramRuleReader(problems, values);
    }

    /** The rules that could be read; what is wrong with others is in the problems. */
    List<Rule> read(Family family, YamlNode node) {
        List<Rule> rules = new ArrayList<>();
        List<YamlNode> items = values.items(node, "spec." + family.key());
        for (int i = 0; i < items.size(); i++) {
            rule(family, i, items.get(i)).ifPresent(rules::add);
        }
        return rules;
    }

    private Optional<Rule> rule(Family family, int index, YamlNode node) {
        String owner = family.key() + "[" + index + "]";
        return Fields.of(node, owner, problems).flatMap(fields -> {
            Optional<RuleHead> head = head(family, index, fields, owner);
            if (family.objectsKey().isEmpty()) {
                Optional<Rule> rule = withoutObjects(family, head, fields, owner);
                fields.refuseOthers();
                return rule;
            }
            Optional<YamlNode> objects = fields.require(family.objectsKey());
            String objectsOwner = owner + "." + family.objectsKey();
            Optional<Rule> rule = head.flatMap(h -> objects.flatMap(o -> rule(h, o, objectsOwner, fields)));
            if (head.isEmpty()) {
                takeRest(family, fields);
                objects.ifPresent(o -> checkObjects(family, o, objectsOwner));
            } else if (objects.isEmpty()) {
                takeRest(family, fields);
            }
            fields.refuseOthers();
            return rule;
        });
    }

    private Optional<Rule> withoutObjects(Family family, Optional<RuleHead> head, Fields fields, String owner) {
        return switch (family) {
            case PROCESSES, FILES -> files.read(family, head, fields, owner);
            case NETWORK -> network.read(head, fields, owner);
            default -> named.read(family, head, fields, owner);
        };
    }

    private void takeRest(Family family, Fields fields) {
        if (family == Family.KERNEL_FUNCTIONS) {
            fields.take("module");
        }
        if (family == Family.SYSTEM_CALLS) {
            fields.take("abis");
        }
        if (family == Family.SYSTEM_CALLS || family == Family.LSM_HOOKS || family == Family.KERNEL_FUNCTIONS) {
            fields.take("conditions");
        }
        if (family == Family.PROGRAMS) {
            fields.take("parameters");
        }
    }

    private void checkObjects(Family family, YamlNode node, String owner) {
        switch (family) {
            case CAPABILITIES -> capabilities(node, owner);
            case SYSTEM_CALLS, LSM_HOOKS, KERNEL_FUNCTIONS -> kernelNames(node, owner);
            case PROGRAMS -> programs.object(node, owner);
            default -> throw new IllegalArgumentException("a rule on " + family.key() + " needs no " + owner);
        }
    }

    private Optional<Rule> rule(RuleHead head, YamlNode objects, String owner, Fields fields) {
        if (head.family() == Family.PROGRAMS) {
            return programs.read(head, objects, owner, fields);
        }
        return Optional.of(switch (head.family()) {
            case CAPABILITIES -> new Rule.Capabilities(head, capabilities(objects, owner));
            case SYSTEM_CALLS -> new Rule.SystemCalls(head, kernelNames(objects, owner), conditions(fields, head), abis(fields, head));
            case LSM_HOOKS -> new Rule.LsmHooks(head, kernelNames(objects, owner), conditions(fields, head));
            case KERNEL_FUNCTIONS -> new Rule.KernelFunctions(head, kernelNames(objects, owner),
                    fields.take("module").flatMap(node -> module(node, "kernelFunctions[" + head.index() + "].module")), conditions(fields, head));
            default -> throw new IllegalArgumentException("a rule on " + head.family().key() + " needs no " + owner);
        });
    }

    private Optional<RuleHead> head(Family family, int index, Fields fields, String owner) {
        Optional<Located<String>> name = fields.take("name").flatMap(node -> values.text(node, owner + ".name"));
        Optional<Located<Action>> action = fields.require("action")
                .flatMap(node -> values.word(node, owner + ".action", PolicyDocument.ACTIONS));
        int errno = fields.take("errno").map(node -> errno(node, owner + ".errno", action)).orElse(Errno.EPERM);
        Mode mode = fields.take("mode").flatMap(node -> values.word(node, owner + ".mode", PolicyDocument.MODES))
                .map(Located::value).orElse(Mode.ENFORCE);
        Optional<Located<Action>> fallback = fields.take("fallback").flatMap(node -> fallback(node, owner + ".fallback", action));
        return action.map(a -> new RuleHead(family, index, name, a, errno, mode, fallback, fields.at()));
    }

    private int errno(YamlNode node, String owner, Optional<Located<Action>> action) {
        if (action.isPresent() && action.get().value().compareTo(Action.DENY) < 0) {
            problems.add(node.at(), owner + " means nothing with action " + word(action.get().value())
                    + "; only deny and kill return an error");
        }
        return values.errno(node, owner).orElse(Errno.EPERM);
    }

    private Set<Integer> capabilities(YamlNode node, String owner) {
        Set<Integer> numbers = new TreeSet<>();
        for (Located<String> text : values.texts(node, owner)) {
            if (Capability.bare(text.value()).equals("ALL")) {
                for (int i = 0; i < Capability.NUMBERS; i++) {
                    numbers.add(i);
                }
                continue;
            }
            OptionalInt number = Capability.number(text.value());
            if (number.isEmpty()) {
                problems.add(text.at(), "\"" + text.value() + "\" in " + owner + " is no capability"
                        + Nearest.hint(Capability.bare(text.value()), Capability.NAMES));
            } else {
                numbers.add(number.getAsInt());
            }
        }
        return numbers;
    }

    private List<Located<String>> kernelNames(YamlNode node, String owner) {
        List<Located<String>> names = new ArrayList<>();
        for (Located<String> text : values.texts(node, owner)) {
            if (KERNEL_NAME.matcher(text.value()).matches()) {
                names.add(text);
            } else {
                problems.add(text.at(), "\"" + text.value() + "\" in " + owner
                        + " is no name in the kernel: letters, digits and _; globs are not possible here");
            }
        }
        return names;
    }

    private List<Condition> conditions(Fields fields, RuleHead head) {
        return fields.take("conditions").map(node -> conditions.read(node, head.family().key() + "[" + head.index() + "].conditions")).orElse(List.of());
    }

    private Set<Abi> abis(Fields fields, RuleHead head) {
        Set<Abi> abis = EnumSet.noneOf(Abi.class);
        String owner = "systemCalls[" + head.index() + "].abis";
        for (YamlNode item : fields.take("abis").map(node -> values.items(node, owner)).orElse(List.of())) {
            Optional<Located<String>> text = values.scalar(item, "an entry of " + owner);
            text.flatMap(word -> values.word(word, "an entry of " + owner, ABIS)).ifPresent(abi -> {
                if (!abis.add(abi.value())) {
                    problems.add(abi.at(), owner + " has " + abi.value().word() + " twice");
                }
            });
        }
        return abis.isEmpty() ? EnumSet.allOf(Abi.class) : abis;
    }

    private Optional<Located<Action>> fallback(YamlNode node, String owner, Optional<Located<Action>> action) {
        if (action.isPresent() && action.get().value() != Action.DENY) {
            problems.add(node.at(), owner + " means nothing with action " + word(action.get().value())
                    + "; it says what happens where a deny is not possible");
        }
        return values.word(node, owner, FALLBACKS);
    }

    /** A module's name as the kernel has it, whatever its file is called. */
    private Optional<Located<String>> module(YamlNode node, String owner) {
        return values.text(node, owner).map(text -> {
            if (!MODULE_NAME.matcher(text.value()).matches()) {
                problems.add(text.at(), "\"" + text.value() + "\" in " + owner + " is no name of a module: letters, digits, _ and -, without .ko");
            }
            return new Located<>(text.value().replace('-', '_'), text.at());
        });
    }

    private static String word(Action action) {
        return action.name().toLowerCase(Locale.ROOT);
    }
}
