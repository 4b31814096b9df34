package io.bpfguard.policy.compile;

import io.bpfguard.policy.check.Subject;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Extractor;
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
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes the ruleset of a matcher that looks at keys: the automaton, and a verdict per operation for every set of rules that
 * can match together. The keys have the fields that at least one rule asks for, and always the matcher's last.
 */
final class KeyTables {
    private static final GlobToken NUL = new GlobToken.One(ByteSet.of(0));
    private static final GlobToken ANYTHING = new GlobToken.Anything();

    private final List<KeyField> fields;
    /** What the fields of arguments are; empty for other matchers. */
    private final Map<KeyField, Extractor> extractors = new EnumMap<>(KeyField.class);
    private final List<NumberedRule> rules;
    private final UnaryOperator<Verdict> filter;
    private final List<NumberedRule> rests;
    private final Map<NumberedRule, Integer> ranks;
    private final Map<List<Verdict>, Integer> numbers = new HashMap<>();
    private final List<List<Verdict>> verdicts = new ArrayList<>();
    private final Map<Set<Integer>, Integer> outputs = new HashMap<>();

    private KeyTables(Matcher matcher, List<NumberedRule> rules, UnaryOperator<Verdict> filter) {
        placeExtractors(rules);
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
        return KeyImage.of(matcher, tables.fields, List.copyOf(tables.extractors.values()), dfa, below, tables.verdicts);
    }

    /** How many states the automaton of a rule alone has, up to a bound. */
    static int states(NumberedRule rule, int bound) {
        try {
            return new KeyTables(rule.enforcement().matcher(), List.of(rule), verdict -> verdict).automaton(bound).states();
        } catch (TooLargeException e) {
            return bound + 1;
        }
    }

    /** Gives each value that a rule asks for a field of its own. */
    private void placeExtractors(List<NumberedRule> rules) {
        Iterator<KeyField> places = Matcher.ARGUMENTS.fields().iterator();
        extractors(rules).forEach(extractor -> extractors.put(places.next(), extractor));
    }

    /** The different values that some rules compare, at most {@link Extractor#MAX_PER_KEY} of which fit into a key. */
    static List<Extractor> extractors(List<NumberedRule> rules) {
        return rules.stream().map(rule -> rule.enforcement().subject())
                .flatMap(subject -> subject instanceof Subject.Arguments(var values) ? values.keySet().stream() : Stream.empty())
                .distinct().sorted(Extractor.ORDER).toList();
    }

    private List<KeyField> fields(Matcher matcher, List<NumberedRule> rules) {
        Set<KeyField> used = EnumSet.noneOf(KeyField.class);
        if (matcher != Matcher.ARGUMENTS) {
            used.add(matcher.fields().getLast());
        }
        for (NumberedRule rule : rules) {
            Set<KeyField> asked = constraints(rule.enforcement().subject()).keySet();
            if (!matcher.fields().containsAll(asked)) {
                throw new IllegalArgumentException(matcher + " has no fields " + asked);
            }
            used.addAll(asked);
        }
        return matcher.fields().stream().filter(used::contains).toList();
    }

    /** What the fields of the keys that a rule matches look like. */
    private Map<KeyField, List<List<GlobToken>>> constraints(Subject subject) {
        return switch (subject) {
            case Subject.Keys(var constraints, _) -> constraints;
            case Subject.Arguments(var values) -> extractors.entrySet().stream().filter(entry -> values.containsKey(entry.getValue()))
                    .collect(Collectors.toMap(Map.Entry::getKey, entry -> values.get(entry.getValue())));
            default -> Map.of();
        };
    }

    private Dfa automaton(int maxStates) throws TooLargeException {
        GlobTrie trie = new GlobTrie();
        for (int i = 0; i < rules.size(); i++) {
            NumberedRule rule = rules.get(i);
            if (rests.isEmpty() && rule.enforcement().action() == Action.ALLOW) {
                continue;
            }
            if (!(rule.enforcement().subject() instanceof Subject.Rest)) {
                add(trie, i, constraints(rule.enforcement().subject()));
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

    private List<GlobToken> tokens(KeyField field, List<List<GlobToken>> sequences) {
        List<GlobToken> tokens = new ArrayList<>();
        if (sequences == null) {
            tokens.addAll(any(field));
        } else if (sequences.size() == 1) {
            tokens.addAll(sequences.getFirst());
        } else {
            tokens.add(new GlobToken.OneOf(sequences));
        }
        if (width(field) == 0) {
            tokens.add(NUL);
        }
        return tokens;
    }

    private List<GlobToken> any(KeyField field) {
        return width(field) > 0 ? IntegerPatterns.any(width(field)) : List.of(ANYTHING);
    }

    private int width(KeyField field) {
        Extractor extractor = extractors.get(field);
        return extractor != null && extractor.kind().isInteger() ? Extractor.WIDTH : field.width();
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
            case Subject.Arguments _ -> Subject.ONLY.contains(operation);
            case Subject.Rest(var operations) -> operations.contains(operation);
            default -> throw new IllegalArgumentException(rule.enforcement().subject() + " has no keys");
        };
    }
}
