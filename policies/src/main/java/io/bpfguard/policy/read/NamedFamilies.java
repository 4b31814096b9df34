package io.bpfguard.policy.read;

import io.bpfguard.policy.compiled.SignalTarget;
import io.bpfguard.policy.model.Family;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.MountFlags;
import io.bpfguard.policy.model.MountUse;
import io.bpfguard.policy.model.NamespaceKind;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Rule;
import io.bpfguard.policy.model.RuleHead;
import io.bpfguard.policy.model.Signals;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Rules that name a whole family unless conditions narrow them: a rule without any is about every entry. */
final class NamedFamilies {
    private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]?");

    private final ProblemList problems;
    private final Values values;

    NamedFamilies(ProblemList problems, Values values) {
        this.problems = problems;
        this.values = values;
    }

    /** The rule; what is wrong with its conditions is told even where its head is wrong, which makes it empty. */
    Optional<Rule> read(Family family, Optional<RuleHead> head, Fields fields, String owner) {
        return head.map(conditions(family, fields, owner));
    }

    private Function<RuleHead, Rule> conditions(Family family, Fields fields, String owner) {
        switch (family) {
            case MOUNTS -> {
                List<Located<Glob>> types = globs(fields, owner, "types", Glob.Kind.NAME);
                MountFlags flags = fields.take("flags").map(node -> mountFlags(node, owner + ".flags")).orElse(MountFlags.ANY);
                List<Located<Glob>> sources = globs(fields, owner, "sources", Glob.Kind.TEXT);
                checkUses(types, !flags.isAny(), !sources.isEmpty(), owner);
                return head -> new Rule.Mounts(head, types, flags, sources);
            }
            case NAMESPACES -> {
                Set<NamespaceKind> kinds = words(fields, owner, "kinds", NamespaceKind.class);
                Set<Rule.Namespaces.Operation> operations = words(fields, owner, "operations", Rule.Namespaces.Operation.class);
                return head -> new Rule.Namespaces(head, kinds, operations);
            }
            case TRACING -> {
                Set<Rule.Tracing.Operation> operations = words(fields, owner, "operations", Rule.Tracing.Operation.class);
                return head -> new Rule.Tracing(head, operations);
            }
            case KERNEL_MODULES -> {
                Set<Rule.KernelModules.Operation> operations = words(fields, owner, "operations", Rule.KernelModules.Operation.class);
                return head -> new Rule.KernelModules(head, operations);
            }
            case BPF -> {
                return Rule.Bpf::new;
            }
            case KEYS -> {
                return Rule.Keys::new;
            }
            case IO_URING -> {
                return Rule.IoUring::new;
            }
            case SIGNALS -> {
                Set<Integer> signals = fields.take("signals").map(node -> signals(node, owner + ".signals")).orElse(Signals.ALL);
                Set<SignalTarget> targets = words(fields, owner, "targets", SignalTarget.class);
                return head -> new Rule.Signals(head, signals, targets);
            }
            default -> throw new IllegalArgumentException("a rule on " + family.key() + " is not about a whole family");
        }
    }

    private List<Located<Glob>> globs(Fields fields, String owner, String key, Glob.Kind kind) {
        return fields.take(key).map(node -> values.globs(node, owner + "." + key, kind)).orElse(List.of());
    }

    private MountFlags mountFlags(YamlNode node, String owner) {
        MountFlags flags = MountFlags.ANY;
        for (Located<String> text : values.texts(node, owner)) {
            Optional<MountFlags> flag = values.word(text, "an entry of " + owner, MountFlags.WORDS).map(Located::value);
            if (flag.isEmpty()) {
                continue;
            }
            if (flags.contradicts(flag.get())) {
                problems.add(text.at(), owner + " has " + text.value() + " and its opposite; all flags of a rule must hold, so the rule would match nothing");
            } else {
                flags = flags.and(flag.get());
            }
        }
        return flags;
    }

    /** A condition that a use which the rule names can never meet. */
    private void checkUses(List<Located<Glob>> types, boolean hasFlags, boolean hasSources, String owner) {
        for (Located<Glob> type : types) {
            Optional<MountUse> use = MountUse.ofWord(type.value().text());
            if (hasSources && use.isPresent()) {
                problems.add(type.at(), owner + " has sources, and " + type.value() + " has none that can be told: "
                        + "the kernel looks the source of a bind mount or move up behind the last place where it can be denied; write the rule for "
                        + type.value() + " without sources");
            }
            if (hasFlags && use.isPresent() && !use.get().hasFlags()) {
                problems.add(type.at(), owner + " has flags, and " + type.value()
                        + " has none that can be told; write the rule for it without flags");
            }
        }
    }

    private Set<Integer> signals(YamlNode node, String owner) {
        Set<Integer> numbers = new HashSet<>();
        values.items(node, owner).forEach(item -> signal(item, "an entry of " + owner, owner).ifPresent(numbers::add));
        return numbers;
    }

    /** A signal by its name, or its number without quotes; {@code what} it is in {@code owner}, for messages. */
    OptionalInt signal(YamlNode node, String what, String owner) {
        if (Values.isNumber(node) && node instanceof YamlNode.Scalar(String text, _, _)) {
            if (NUMBER.matcher(text).matches() && Integer.parseInt(text) <= Signals.MAX) {
                return OptionalInt.of(Integer.parseInt(text));
            }
            problems.add(node.at(), what + " cannot be " + text + "; signals are numbered 1 to " + Signals.MAX);
            return OptionalInt.empty();
        }
        Optional<Located<String>> name = values.text(node, what);
        OptionalInt number = name.map(text -> Signals.number(text.value())).orElse(OptionalInt.empty());
        if (number.isEmpty()) {
            name.ifPresent(text -> problems.add(text.at(), "\"" + text.value() + "\" in " + owner + " is no signal"
                    + Nearest.hint(Signals.bare(text.value()), Signals.NAMES) + "; real-time signals go by their numbers"));
        }
        return number;
    }

    /** Some words of an enum; all of them where the key is not there. */
    private <T extends Enum<T>> Set<T> words(Fields fields, String owner, String key, Class<T> type) {
        Set<T> all = EnumSet.allOf(type);
        Map<String, T> words = words(type);
        Optional<YamlNode> node = fields.take(key);
        if (node.isEmpty()) {
            return all;
        }
        Set<T> some = EnumSet.noneOf(type);
        for (Located<String> text : values.texts(node.get(), owner + "." + key)) {
            values.word(text, "an entry of " + owner + "." + key, words).ifPresent(word -> {
                if (!some.add(word.value())) {
                    problems.add(text.at(), owner + "." + key + " has " + text.value() + " twice");
                }
            });
        }
        return some;
    }

    /** How the values of an enum are written. */
    static <T extends Enum<T>> Map<String, T> words(Class<T> type) {
        return Arrays.stream(type.getEnumConstants()).collect(Collectors.toMap(value -> value.name().toLowerCase(Locale.ROOT), Function.identity()));
    }
}
