package io.bpfguard.policy.compile;

import io.bpfguard.policy.check.Subject;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Chain;
import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Ruleset;
import io.bpfguard.policy.compiled.Step;
import io.bpfguard.policy.compiled.Verdict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Makes the chains of one route: one step per matcher, and per custom program. The kernel ends a chain at the first step that prevents; so where one
 * matcher's deny could come before another's kill, steps that only kill go first, and the strongest verdict wins across
 * matchers as it does within one.
 *
 * <p>Rules on files and addresses mean the same at every hook, so all their hooks share one ruleset.
 */
final class ChainBuilder {
    private static final Set<Matcher> SHARED = EnumSet.of(Matcher.PATH, Matcher.ADDRESS, Matcher.ALIAS);
    private static final UnaryOperator<Verdict> ALL = verdict -> verdict;
    private static final UnaryOperator<Verdict> KILLS = verdict -> verdict.action() == Action.KILL ? verdict
            : Verdict.NONE;

    private final Map<Matcher, List<NumberedRule>> shared = new EnumMap<>(Matcher.class);
    private final Map<Matcher, Ruleset> whole = new EnumMap<>(Matcher.class);

    /** Takes the rules of all hooks of the route. */
    ChainBuilder(List<NumberedRule> all) {
        Map<Integer, NumberedRule> once = new TreeMap<>();
        all.forEach(rule -> once.putIfAbsent(rule.info().number(), rule));
        once.values().stream().filter(rule -> SHARED.contains(rule.enforcement().matcher()))
                .forEach(rule -> shared.computeIfAbsent(rule.enforcement().matcher(), _ -> new ArrayList<>()).add(rule));
    }

    /** What makes a step: a stock matcher, or one custom program. */
    private record Kind(Matcher matcher, Optional<CustomProgram> program) {
        /** Always the same order: which step comes first must not depend on the order of rules. */
        static final Comparator<Kind> ORDER = Comparator.comparing(Kind::matcher)
                .thenComparing(kind -> kind.program().map(CustomProgram::digest).orElse(""));

        static Kind of(NumberedRule rule) {
            return new Kind(rule.enforcement().matcher(),
                    rule.enforcement().subject() instanceof Subject.Program(CustomProgram program) ? Optional.of(program) : Optional.empty());
        }
    }

    /** The chain of the rules of one hook point, of which at least one does more than allow. */
    Chain chain(HookPoint hook, List<NumberedRule> rules) throws TooLargeException {
        Map<Kind, List<NumberedRule>> byKind = new TreeMap<>(Kind.ORDER);
        for (NumberedRule rule : rules) {
            byKind.computeIfAbsent(Kind.of(rule), _ -> new ArrayList<>()).add(rule);
        }
        byKind.entrySet().removeIf(entry -> !acts(entry.getKey().matcher(), entry.getValue()));
        List<Step> steps = new ArrayList<>();
        if (hook instanceof LsmHook && byKind.size() > 1 && has(rules, Action.KILL) && has(rules, Action.DENY)) {
            for (Map.Entry<Kind, List<NumberedRule>> entry : byKind.entrySet()) {
                if (has(entry.getValue(), Action.KILL)) {
                    Matcher matcher = entry.getKey().matcher();
                    steps.add(new Step(ruleset(matcher, shared.getOrDefault(matcher, entry.getValue()), KILLS), entry.getKey().program()));
                }
            }
            // A program has one verdict, and may keep count of its calls: it is asked once.
            byKind.entrySet().removeIf(entry -> entry.getKey().program().isPresent() && has(entry.getValue(), Action.KILL));
        }
        for (Map.Entry<Kind, List<NumberedRule>> entry : byKind.entrySet()) {
            steps.add(new Step(whole(entry.getKey().matcher(), entry.getValue()), entry.getKey().program()));
        }
        if (steps.size() > Chain.MAX_STEPS) {
            throw new TooLargeException("%d steps at %s, where the kernel follows %d".formatted(steps.size(), hook.kernelName(), Chain.MAX_STEPS),
                    "put what several programs do into one");
        }
        return new Chain(steps);
    }

    /** Whether rules at a hook can come to more than allowing there: with a shared ruleset also by what others say. */
    boolean acts(Matcher matcher, List<NumberedRule> rules) {
        return shared.getOrDefault(matcher, rules).stream().anyMatch(rule -> rule.enforcement().action() != Action.ALLOW);
    }

    private Ruleset whole(Matcher matcher, List<NumberedRule> rules) throws TooLargeException {
        if (!SHARED.contains(matcher)) {
            return ruleset(matcher, rules, ALL);
        }
        Ruleset known = whole.get(matcher);
        if (known == null) {
            known = ruleset(matcher, shared.get(matcher), ALL);
            whole.put(matcher, known);
        }
        return known;
    }

    private static boolean has(List<NumberedRule> rules, Action action) {
        return rules.stream().anyMatch(rule -> rule.enforcement().action() == action);
    }

    private static Ruleset ruleset(Matcher matcher, List<NumberedRule> rules,
            UnaryOperator<Verdict> filter) throws TooLargeException {
        return switch (matcher) {
            case PATH, MOUNT, ADDRESS, ARGUMENTS, ALIAS -> KeyTables.ruleset(matcher, rules, filter);
            case CAPABILITY -> TableImage.capabilities(rules, filter);
            case SYSTEM_CALL -> TableImage.systemCalls(rules, filter);
            case ALWAYS -> TableImage.always(rules, filter);
            case SIGNAL -> TableImage.signals(rules, filter);
            case PROCESS_FILE -> TableImage.processFiles(rules, filter);
            case PROGRAM -> TableImage.program(rules, filter);
        };
    }
}
