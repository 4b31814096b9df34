package io.bpfguard.policy.compile;

import io.bpfguard.policy.compiled.Chain;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.compiled.RuleInfo;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.PolicySelector;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.select.ContainerFacts;
import io.bpfguard.policy.select.Selector;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Policies as a node enforces them: each with its selector and with what its rules come to there. This is all that is needed to
 * select policies for a container and to make its route, so it is also what {@linkplain #writeTo a file} holds for processes that
 * read no policies themselves. May be used by several threads.
 */
public final class CompiledPolicies {
    private static final int SUSPECTS = 3;
    private static final int SUSPECT_STATES = 20_000;
    private static final int POLICIES_SIZE = 8;

    private final Map<String, PolicySelector> selectors;
    private final Rules rules;
    private final Content content;
    private final byte[] digest;
    private final Map<Set<String>, Route> routes = new HashMap<>();

    /** The rules by policy; a file's are read when a route has to be made of them. */
    interface Rules {
        Map<String, List<NumberedRule>> byPolicy() throws StateFileException;
    }

    /** What stands in the file; with ten thousand rules that is much, so it is not kept. */
    private interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private CompiledPolicies(Map<String, PolicySelector> selectors, Rules rules, Content content, byte[] digest) {
        this.selectors = new TreeMap<>(selectors);
        this.rules = rules;
        this.content = content;
        this.digest = digest;
    }

    /** Takes policies by name; both maps have the same names. */
    static CompiledPolicies of(Map<String, PolicySelector> selectors, Map<String, List<NumberedRule>> rules) {
        Content content = out -> StateWriter.write(selectors, rules, new BufferedOutputStream(out));
        MessageDigest sha = sha256();
        try {
            content.writeTo(new DigestOutputStream(OutputStream.nullOutputStream(), sha));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return new CompiledPolicies(selectors, () -> rules, content, sha.digest());
    }

    /**
     * Reads what {@link #writeTo} wrote. Whether a file is whole, and the one that is in force, is told by its {@link #digest}.
     *
     * @param file belongs to the result from now on
     * @throws StateFileException if it is of another version, or no such file
     */
    public static CompiledPolicies read(byte[] file) throws StateFileException {
        StateReader reader = new StateReader(file);
        Map<String, PolicySelector> selectors = reader.selectors();
        return new CompiledPolicies(selectors, () -> reader.rules(selectors.keySet()), out -> out.write(file), sha256().digest(file));
    }

    /**
     * Writes the file's content; the stream stays open.
     *
     * @throws IOException as the stream does
     */
    public void writeTo(OutputStream out) throws IOException {
        content.writeTo(out);
    }

    /** SHA-256 of what {@link #writeTo} writes: equal policies on an equal node have the same. */
    public byte[] digest() {
        return digest.clone();
    }

    /** The names of the policies, sorted. */
    public Set<String> names() {
        return new TreeSet<>(selectors.keySet());
    }

    /**
     * Which containers a policy is for.
     *
     * @throws IllegalArgumentException if it is not among {@link #names}
     */
    public PolicySelector selector(String name) {
        PolicySelector selector = selectors.get(name);
        if (selector == null) {
            throw new IllegalArgumentException("the policy " + name + " is not in this compilation");
        }
        return selector;
    }

    /**
     * What events say of the rules, by policy: one for each place where a rule is enforced.
     *
     * @throws StateFileException if the rules in the file cannot be read
     */
    public Map<String, List<RuleInfo>> ruleInfos() throws StateFileException {
        Map<String, List<RuleInfo>> infos = new TreeMap<>();
        rules.byPolicy().forEach((name, numbered) -> infos.put(name, numbered.stream().map(NumberedRule::info).toList()));
        return infos;
    }

    /** The names of the policies that are for a container. */
    public Set<String> select(ContainerFacts container) {
        Set<String> selected = new TreeSet<>();
        selectors.forEach((name, selector) -> {
            if (Selector.matches(selector, container)) {
                selected.add(name);
            }
        });
        return selected;
    }

    /**
     * The names of the policies of which only the pod's labels decide whether they are for a container.
     *
     * @param container whatever its labels are said to be
     */
    public Set<String> decidedByLabels(ContainerFacts container) {
        Set<String> decided = new TreeSet<>();
        selectors.forEach((name, selector) -> {
            PolicySelector others = new PolicySelector(selector.namespaces(), List.of(), selector.containers(), selector.kinds(), selector.images());
            if (!selector.podLabels().isEmpty() && Selector.matches(others, container)) {
                decided.add(name);
            }
        });
        return decided;
    }

    /** What tells the route of a set of policies from all others: 32 bytes, of which the first 8 are those of {@link #digest}. */
    public byte[] routeKey(Collection<String> names) {
        MessageDigest sha = sha256();
        sha.update(digest);
        for (String name : new TreeSet<>(names)) {
            sha.update(name.getBytes(StandardCharsets.UTF_8));
            sha.update((byte) 0);
        }
        byte[] key = Arrays.copyOf(digest, digest.length);
        System.arraycopy(sha.digest(), 0, key, POLICIES_SIZE, key.length - POLICIES_SIZE);
        return key;
    }

    /**
     * What is enforced on a container that these policies are for. The same names give the same instance.
     *
     * @throws PolicyException if together they need tables over the bounds
     * @throws StateFileException if the rules in the file cannot be read
     * @throws IllegalArgumentException if a name is not among {@link #names}
     */
    public synchronized Route route(Set<String> names) throws PolicyException, StateFileException {
        Route known = routes.get(names);
        if (known != null) {
            return known;
        }
        Route route = compile(names, rules.byPolicy());
        routes.put(Set.copyOf(names), route);
        return route;
    }

    private static Route compile(Set<String> names, Map<String, List<NumberedRule>> byPolicy) throws PolicyException {
        Map<HookPoint, List<NumberedRule>> byHook = new LinkedHashMap<>();
        for (String name : names.stream().sorted().toList()) {
            List<NumberedRule> rules = byPolicy.get(name);
            if (rules == null) {
                throw new IllegalArgumentException("the policy " + name + " is not in this compilation");
            }
            rules.forEach(rule -> byHook.computeIfAbsent(rule.enforcement().hook(), _ -> new ArrayList<>()).add(rule));
        }
        ChainBuilder builder = new ChainBuilder(byHook.values().stream().flatMap(List::stream).toList());
        Map<HookPoint, Chain> chains = new LinkedHashMap<>();
        for (Map.Entry<HookPoint, List<NumberedRule>> entry : byHook.entrySet()) {
            if (entry.getValue().stream().anyMatch(rule -> builder.acts(rule.enforcement().matcher(), List.of(rule)))) {
                chains.put(entry.getKey(), chain(builder, entry.getKey(), entry.getValue()));
            }
        }
        return chains.isEmpty() ? Route.EMPTY : new Route(chains);
    }

    private static Chain chain(ChainBuilder builder, HookPoint hook, List<NumberedRule> rules) throws PolicyException {
        try {
            return builder.chain(hook, rules);
        } catch (TooLargeException e) {
            throw new PolicyException(blame(rules, e));
        }
    }

    /** Names the rules that alone make the largest automata. */
    private static List<Problem> blame(List<NumberedRule> rules, TooLargeException reason) {
        Map<NumberedRule, Integer> states = new HashMap<>();
        rules.forEach(rule -> states.put(rule, rule.enforcement().matcher().hasKeys() ? KeyTables.states(rule, SUSPECT_STATES) : 0));
        return rules.stream().sorted(Comparator.comparing((NumberedRule rule) -> states.get(rule)).reversed())
                .limit(SUSPECTS)
                .map(rule -> Problem.at(rule.at(), "the rules for one container come to " + reason.getMessage() + "; policy "
                        + rule.info().policy() + ", " + rule.info().rule() + " has a large share: " + reason.advice()))
                .toList();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
