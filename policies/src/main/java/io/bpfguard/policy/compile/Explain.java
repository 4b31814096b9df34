package io.bpfguard.policy.compile;

import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Enforcement;
import io.bpfguard.policy.check.Lowering;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.FunctionProgram;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.Errno;
import io.bpfguard.policy.model.FamilyDefault;
import io.bpfguard.policy.model.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Says for each rule how a node delivers it, and what it does not cover. */
public final class Explain {
    /** Whether something is prevented. */
    public enum Prevents {
        /** It does not happen. */
        YES("yes"),
        /** It goes on. */
        NO("no"),
        /** It may have happened by the time that the process dies. */
        AFTER_THE_EFFECT("after the effect"),
        /** Some of what the rule names is. */
        PARTLY("partly"),
        /** The rule waits for a module of the kernel. */
        NOT_YET("not yet"),
        /** Only a node can tell. */
        UNKNOWN("unknown");

        private final String words;

        Prevents(String words) {
            this.words = words;
        }

        /** For people, and in JSON. */
        public String words() {
            return words;
        }
    }

    /**
     * One mechanism of a rule.
     *
     * @param mechanism the hook point and matcher
     * @param action what happens there, after modes and fallbacks
     * @param prevents whether that prevents
     * @param effect what happens, in words
     * @param note what is not covered; empty when there is nothing to say
     */
    public record Part(String mechanism, Action action, Prevents prevents, String effect, String note) {}

    /**
     * One rule.
     *
     * @param policy the policy's name
     * @param rule where the rule stands and what it is called
     * @param family its key in {@code spec}
     * @param parts by which mechanisms; empty when all of it waits, or only a node can tell
     * @param waiting functions of modules that are not loaded
     */
    public record Row(String policy, String rule, String family, List<Part> parts, List<String> waiting) {
        public Row {
            parts = List.copyOf(parts);
            waiting = List.copyOf(waiting);
        }

        /** The mechanisms, parted by commas. */
        public String mechanism() {
            return join(Part::mechanism, ", ");
        }

        /** What happens, in words. */
        public String effect() {
            return join(Part::effect, "; ");
        }

        /** What is not covered; empty when there is nothing to say. */
        public String note() {
            return join(Part::note, " ");
        }

        /** Whether the rule as a whole prevents. */
        public Prevents prevents() {
            List<Prevents> all = parts.stream().map(Part::prevents).distinct().toList();
            if (all.isEmpty()) {
                return waiting.isEmpty() ? Prevents.UNKNOWN : Prevents.NOT_YET;
            }
            return all.size() == 1 && waiting.isEmpty() ? all.getFirst() : Prevents.PARTLY;
        }

        private String join(Function<Part, String> text, String separator) {
            return parts.stream().map(text).filter(part -> !part.isEmpty()).distinct().collect(Collectors.joining(separator));
        }
    }

    private Explain() {}

    /** A row per rule and default, by policy. */
    public static List<Row> rows(CheckedPolicies policies, NodeCapabilities node) {
        List<Row> rows = new ArrayList<>();
        for (ContainerPolicy policy : policies.policies()) {
            for (Rule rule : policy.rules()) {
                rows.add(row(policy, rule.head().label(), rule.head().family().key(), Lowering.of(policy, rule, node), node));
            }
            for (FamilyDefault rest : policy.defaults()) {
                rows.add(row(policy, rest.label(), rest.family().key(), Lowering.of(policy, rest, node), node));
            }
        }
        return rows;
    }

    private static Row row(ContainerPolicy policy, String label, String family, Lowering lowering, NodeCapabilities node) {
        return new Row(policy.name().value(), label, family, lowering.enforcements().stream().map(enforcement -> part(enforcement, node)).toList(),
                lowering.waiting().stream().map(what -> what.function().label()).toList());
    }

    private static Part part(Enforcement enforcement, NodeCapabilities node) {
        return new Part(enforcement.mechanism(), enforcement.action(), prevents(enforcement, node), effect(enforcement, node), enforcement.note());
    }

    private static Prevents prevents(Enforcement enforcement, NodeCapabilities node) {
        return switch (enforcement.action()) {
            case ALLOW, AUDIT -> Prevents.NO;
            case DENY -> Prevents.YES;
            case KILL -> isBeforeTheEffect(enforcement.hook(), node) ? Prevents.YES : Prevents.AFTER_THE_EFFECT;
        };
    }

    /** Whether what kills there also prevents, each time. */
    private static boolean isBeforeTheEffect(HookPoint point, NodeCapabilities node) {
        return switch (point) {
            case LsmHook _ -> true;
            case KernelFunction _ -> false;
            case FunctionProgram(_, boolean prevents, _) -> prevents && !node.skipsFunctionPrograms();
        };
    }

    private static String effect(Enforcement enforcement, NodeCapabilities node) {
        Action action = enforcement.action();
        return switch (action) {
            case ALLOW -> "allowed, whatever the default says";
            case AUDIT -> "goes on, and is reported";
            case DENY -> "prevented with " + Errno.name(enforcement.errno()) + ", and reported";
            case KILL -> isBeforeTheEffect(enforcement.hook(), node)
                    ? "prevented, the process killed, and reported" : "the process killed, perhaps after the effect, and reported";
        };
    }
}
