package io.bpfguard.policy.compile;

import io.bpfguard.policy.check.Subject;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.Ruleset;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.Mode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/** Makes the ruleset of globs: the automaton, and a verdict per operation for every set of rules that can match together. */
final class StringTables {
    private final List<NumberedRule> rules;
    private final UnaryOperator<Verdict> filter;
    private final List<NumberedRule> rests;
    private final Map<NumberedRule, Integer> ranks;
    private final Map<List<Verdict>, Integer> numbers = new HashMap<>();
    private final List<List<Verdict>> verdicts = new ArrayList<>();
    private final Map<Set<Integer>, Integer> outputs = new HashMap<>();

    private StringTables(List<NumberedRule> rules, UnaryOperator<Verdict> filter) {
        this.rules = rules;
        this.filter = filter;
        this.rests = rules.stream().filter(rule -> rule.enforcement().subject() instanceof Subject.Rest).toList();
        this.ranks = Strength.ranks(rules);
        output(new TreeSet<>());
    }

    /** The ruleset of some rules for one matcher at one hook; {@code filter} has the last word on each verdict. */
    static Ruleset ruleset(Matcher matcher, List<NumberedRule> rules,
            UnaryOperator<Verdict> filter) throws TooLargeException {
        StringTables tables = new StringTables(rules, filter);
        Dfa dfa = Minimizer.minimize(tables.automaton(Dfa.MAX_STATES));
        return StringImage.of(matcher, dfa, tables.verdicts);
    }

    /** How many states the automaton of a rule alone has, up to a bound. */
    static int states(NumberedRule rule, int bound) {
        try {
            return new StringTables(List.of(rule), verdict -> verdict).automaton(bound).states();
        } catch (TooLargeException e) {
            return bound + 1;
        }
    }

    private Dfa automaton(int maxStates) throws TooLargeException {
        GlobTrie trie = new GlobTrie();
        for (int i = 0; i < rules.size(); i++) {
            NumberedRule rule = rules.get(i);
            if (rests.isEmpty() && rule.enforcement().action() == Action.ALLOW) {
                continue;
            }
            for (Glob glob : globs(rule.enforcement().subject())) {
                trie.add(glob, i);
            }
        }
        return SubsetConstruction.of(new Nfa(trie, this::weight), this::output, maxStates);
    }

    private Weight weight(int rule) {
        int operations = 0;
        for (int operation = 0; operation < Layout.OPERATIONS; operation++) {
            operations |= isAbout(rules.get(rule), operation) ? 1 << operation : 0;
        }
        return Weight.of(operations, ranks.get(rules.get(rule)), rules.get(rule).enforcement().mode() == Mode.ENFORCE);
    }

    private static List<Glob> globs(Subject subject) {
        return switch (subject) {
            case Subject.Paths(var globs, _) -> globs;
            case Subject.FileSystemTypes(var globs) -> globs;
            case Subject.Rest _ -> List.of();
            default -> throw new IllegalArgumentException(subject + " has no globs");
        };
    }

    /** The number of the verdicts for strings that a set of rules matches. */
    private int output(TreeSet<Integer> matching) {
        return outputs.computeIfAbsent(matching, set -> number(combine(set)));
    }

    private List<Verdict> combine(Collection<Integer> matching) {
        List<Verdict> combined = new ArrayList<>();
        for (int operation = 0; operation < Layout.OPERATIONS; operation++) {
            int index = operation;
            combined.add(Strength.verdict(matching.stream().map(rules::get).filter(rule -> isAbout(rule, index))
                    .toList(),
                    rests.stream().filter(rule -> isAbout(rule, index)).toList()));
        }
        return combined;
    }

    private int number(List<Verdict> combined) {
        List<Verdict> filtered = combined.stream().map(filter).toList();
        return numbers.computeIfAbsent(filtered, key -> {
            verdicts.add(key);
            return verdicts.size() - 1;
        });
    }

    /** A file system type has one operation, number 0. */
    private static boolean isAbout(NumberedRule rule, int operation) {
        return switch (rule.enforcement().subject()) {
            case Subject.Paths(_, var operations) -> contains(operations, operation);
            case Subject.Rest(var operations) -> operations.isEmpty() ? operation == 0
                    : contains(operations, operation);
            default -> operation == 0;
        };
    }

    private static boolean contains(Set<PathOperation> operations, int index) {
        return operations.stream().anyMatch(operation -> operation.ordinal() == index);
    }
}
