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
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes the ruleset of a matcher that looks at keys: the automaton, and a verdict per operation for every set of rules that
 * can match together. The keys have the fields that at least one rule asks for, and always the matcher's last; those of addresses have all.
 */
final class KeyTables {
    private static final GlobToken NUL = new GlobToken.One(ByteSet.of(0));
    private static final GlobToken ANYTHING = new GlobToken.Anything();
    /** Abstract names of sockets may hold NULs. */
    private static final GlobToken ANY_BYTES = new GlobToken.Many(ByteSet.ALL);
    private static final List<Verdict> NOTHING = Collections.nCopies(Layout.OPERATIONS, Verdict.NONE);

    private final List<KeyField> fields;
    /** What the fields of arguments are; empty for other matchers. */
    private final Map<KeyField, Extractor> extractors = new EnumMap<>(KeyField.class);
    private final List<NumberedRule> rules;
    private final UnaryOperator<Verdict> filter;
    private final List<NumberedRule> rests;
    private final Map<NumberedRule, Integer> ranks;
    private final Map<Output, Integer> numbers = new HashMap<>();
    private final List<List<Verdict>> verdicts = new ArrayList<>();
    private final List<List<Verdict>> sure = new ArrayList<>();
    private final Matcher matcher;
    private Set<ByteSet> byteSets = Set.of();
    private final Map<Set<Integer>, Integer> outputs = new HashMap<>();

    /**
     * What keys come to, one verdict per operation each.
     *
     * @param may the strongest that is possible
     * @param sure the strongest that is certain; differs only where rules have conditions that the keys do not show
     * @param conditional such rules: where they differ, keys are not alike
     */
    private record Output(List<Verdict> may, List<Verdict> sure, Set<Integer> conditional) {}

    private KeyTables(Matcher matcher, List<NumberedRule> rules, UnaryOperator<Verdict> filter) throws TooLargeException {
        this.matcher = matcher;
        this.rules = rules;
        placeExtractors(rules);
        this.fields = fields();
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
        if (matcher != Matcher.PATH && matcher != Matcher.ALIAS) {
            return KeyImage.of(matcher, tables.fields, List.copyOf(tables.extractors.values()), dfa, new int[dfa.states()], tables.verdicts);
        }
        int[] below = Below.of(dfa, tables.verdicts, verdicts -> tables.number(new Output(verdicts, NOTHING, Set.of())));
        if (matcher == Matcher.PATH) {
            return KeyImage.of(matcher, tables.fields, List.of(), dfa, below, tables.verdicts);
        }
        List<List<Verdict>> both = new ArrayList<>(tables.verdicts);
        both.addAll(tables.sure);
        boolean isClean = tables.verdicts.getFirst().stream().allMatch(verdict -> verdict.action() == Action.ALLOW);
        return KeyImage.ofNames(dfa, below, both, isClean ? PlainNames.of(dfa, tables.byteSets) : Optional.empty());
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
    private void placeExtractors(List<NumberedRule> rules) throws TooLargeException {
        List<Extractor> different = rules.stream().map(rule -> rule.enforcement().subject())
                .flatMap(subject -> subject instanceof Subject.Arguments(var values) ? values.keySet().stream() : Stream.empty())
                .distinct().sorted(Extractor.ORDER).toList();
        if (different.size() > Extractor.MAX_PER_KEY) {
            throw new TooLargeException(different.size() + " different values to compare at one hook or function, of which there can be "
                    + Extractor.MAX_PER_KEY, "compare fewer arguments, or in fewer ways");
        }
        Iterator<KeyField> places = Matcher.ARGUMENTS.fields().iterator();
        different.forEach(extractor -> extractors.put(places.next(), extractor));
    }

    private List<KeyField> fields() {
        Set<KeyField> used = EnumSet.noneOf(KeyField.class);
        if (matcher == Matcher.ADDRESS) {
            used.addAll(matcher.fields());
        } else if (matcher != Matcher.ARGUMENTS) {
            used.add(matcher.fields().getLast());
        }
        for (NumberedRule rule : rules) {
            Set<KeyField> asked = constraints(rule.enforcement().subject()).keySet();
            if (matcher != Matcher.ALIAS && !matcher.fields().containsAll(asked)) {
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
        byteSets = trie.byteSets();
        return SubsetConstruction.of(new Nfa(trie, this::weight, this::certainWeight), this::output, maxStates);
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
        if (width(field) > 0) {
            return IntegerPatterns.any(width(field));
        }
        return List.of(field == KeyField.SOCKET_NAME ? ANY_BYTES : ANYTHING);
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

    /** What a rule that matches adds for certain: nothing if the keys do not show all that it asks for. */
    private Weight certainWeight(int rule) {
        return isConditional(rule) ? Weight.NONE : weight(rule);
    }

    /** Whether a rule asks for more than the keys have. */
    private boolean isConditional(int rule) {
        return rules.get(rule).enforcement().subject() instanceof Subject.Keys(var constraints, _)
                && !fields.containsAll(constraints.keySet());
    }

    /** The number of the verdicts for keys that a set of rules matches. */
    private int output(TreeSet<Integer> matching) {
        return outputs.computeIfAbsent(matching, set -> {
            Set<Integer> conditional = set.stream().filter(this::isConditional).collect(Collectors.toUnmodifiableSet());
            List<Verdict> may = combine(set.stream().filter(rule -> !conditional.contains(rule) || !allows(rule)).toList());
            List<Verdict> certain = combine(set.stream().filter(rule -> !conditional.contains(rule) || allows(rule)).toList());
            return number(new Output(may.stream().map(filter).toList(), certain, conditional));
        });
    }

    private boolean allows(int rule) {
        return rules.get(rule).enforcement().action() == Action.ALLOW;
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

    private int number(Output output) {
        // Other matchers' keys show all conditions: one number per list of verdicts.
        Output key = matcher == Matcher.ALIAS ? output : new Output(output.may(), NOTHING, Set.of());
        return numbers.computeIfAbsent(key, _ -> {
            verdicts.add(output.may());
            sure.add(output.sure());
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
