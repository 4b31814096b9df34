package io.bpfguard.policy.compile;

import io.bpfguard.policy.check.Subject;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Ruleset;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.model.ByteSet;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.IntegerPatterns;
import io.bpfguard.policy.model.Mode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * Makes the ruleset of a matcher that looks at keys: the automaton, and a verdict per operation for every set of rules that
 * can match together. The keys have the fields that at least one rule asks for, and always the matcher's last; those of addresses have all.
 */
final class KeyTables {
    private static final GlobToken NUL = new GlobToken.One(ByteSet.of(0));
    private static final GlobToken ANYTHING = new GlobToken.Anything();
    /** Abstract names of sockets may hold NULs. */
    private static final GlobToken ANY_BYTES = new GlobToken.Many(ByteSet.ALL);

    private final List<KeyField> fields;
    private final List<NumberedRule> rules;
    private final UnaryOperator<Verdict> filter;
    private final List<NumberedRule> rests;
    private final Map<NumberedRule, Integer> ranks;
    private final Map<List<Verdict>, Integer> numbers = new HashMap<>();
    private final List<List<Verdict>> verdicts = new ArrayList<>();
    private final Map<Set<Integer>, Integer> outputs = new HashMap<>();

    private KeyTables(Matcher matcher, List<NumberedRule> rules, UnaryOperator<Verdict> filter) {
        this.fields = fields(matcher, rules);
        this.rules = rules;
        this.filter = filter;
        this.rests = rules.stream().filter(rule -> rule.enforcement().subject() instanceof Subject.Rest).toList();
        this.ranks = Strength.ranks(rules);
        output(new TreeSet<>());
    }

    /** The ruleset of some rules for one matcher; {@code filter} has the last word on each verdict. */
    static Ruleset ruleset(Matcher matcher, List<NumberedRule> rules,
            UnaryOperator<Verdict> filter) throws TooLargeException {
        KeyTables tables = new KeyTables(matcher, rules, filter);
        Dfa dfa = Minimizer.minimize(tables.automaton(Dfa.MAX_STATES));
        int[] below = matcher == Matcher.PATH ? Below.of(dfa, tables.verdicts, tables::number) : new int[dfa.states()];
        return KeyImage.of(matcher, tables.fields, dfa, below, tables.verdicts);
    }

    /** How many states the automaton of a rule alone has, up to a bound. */
    static int states(NumberedRule rule, int bound) {
        try {
            return new KeyTables(rule.enforcement().matcher(), List.of(rule), verdict -> verdict).automaton(bound).states();
        } catch (TooLargeException e) {
            return bound + 1;
        }
    }

    private static List<KeyField> fields(Matcher matcher, List<NumberedRule> rules) {
        Set<KeyField> used = matcher == Matcher.ADDRESS ? EnumSet.copyOf(matcher.fields()) : EnumSet.of(matcher.fields().getLast());
        for (NumberedRule rule : rules) {
            if (rule.enforcement().subject() instanceof Subject.Keys(var constraints, _)) {
                if (!matcher.fields().containsAll(constraints.keySet())) {
                    throw new IllegalArgumentException(matcher + " has no fields " + constraints.keySet());
                }
                used.addAll(constraints.keySet());
            }
        }
        return matcher.fields().stream().filter(used::contains).toList();
    }

    private Dfa automaton(int maxStates) throws TooLargeException {
        GlobTrie trie = new GlobTrie();
        for (int i = 0; i < rules.size(); i++) {
            NumberedRule rule = rules.get(i);
            if (rests.isEmpty() && rule.enforcement().action() == Action.ALLOW) {
                continue;
            }
            if (rule.enforcement().subject() instanceof Subject.Keys(var constraints, _)) {
                add(trie, i, constraints);
            }
        }
        return SubsetConstruction.of(new Nfa(trie, this::weight), this::output, maxStates);
    }

    /** The last field's sequences are told apart from the trie's root on, so that equal beginnings of globs are one path. */
    private void add(GlobTrie trie, int rule, Map<KeyField, List<List<GlobToken>>> constraints) {
        List<GlobToken> tokens = new ArrayList<>();
        for (KeyField field : fields.subList(0, fields.size() - 1)) {
            tokens.addAll(tokens(field, constraints.get(field)));
        }
        int prefix = tokens.size();
        for (List<GlobToken> last : constraints.getOrDefault(fields.getLast(), List.of(any(fields.getLast())))) {
            tokens.subList(prefix, tokens.size()).clear();
            tokens.addAll(last);
            trie.add(tokens, rule);
        }
    }

    private static List<GlobToken> tokens(KeyField field, List<List<GlobToken>> sequences) {
        List<GlobToken> tokens = new ArrayList<>();
        if (sequences == null) {
            tokens.addAll(any(field));
        } else if (sequences.size() == 1) {
            tokens.addAll(sequences.getFirst());
        } else {
            tokens.add(new GlobToken.OneOf(sequences));
        }
        if (field.width() == 0) {
            tokens.add(NUL);
        }
        return tokens;
    }

    private static List<GlobToken> any(KeyField field) {
        if (field.width() > 0) {
            return IntegerPatterns.any(field.width());
        }
        return List.of(field == KeyField.SOCKET_NAME ? ANY_BYTES : ANYTHING);
    }

    private Weight weight(int rule) {
        int operations = 0;
        for (int operation = 0; operation < Layout.OPERATIONS; operation++) {
            operations |= isAbout(rules.get(rule), operation) ? 1 << operation : 0;
        }
        return Weight.of(operations, ranks.get(rules.get(rule)), rules.get(rule).enforcement().mode() == Mode.ENFORCE);
    }

    /** The number of the verdicts for keys that a set of rules matches. */
    private int output(TreeSet<Integer> matching) {
        return outputs.computeIfAbsent(matching, set -> number(combine(set).stream().map(filter).toList()));
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

    private int number(List<Verdict> filtered) {
        return numbers.computeIfAbsent(filtered, key -> {
            verdicts.add(key);
            return verdicts.size() - 1;
        });
    }

    private static boolean isAbout(NumberedRule rule, int operation) {
        return switch (rule.enforcement().subject()) {
            case Subject.Keys(_, var operations) -> operations.contains(operation);
            case Subject.Rest(var operations) -> operations.contains(operation);
            default -> throw new IllegalArgumentException(rule.enforcement().subject() + " has no keys");
        };
    }
}
