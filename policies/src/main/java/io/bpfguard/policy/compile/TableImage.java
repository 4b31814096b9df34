package io.bpfguard.policy.compile;

import io.bpfguard.policy.check.Subject;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.ProcessAccess;
import io.bpfguard.policy.compiled.Ruleset;
import io.bpfguard.policy.compiled.SignalTarget;
import io.bpfguard.policy.compiled.Verdict;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** Writes the rulesets that are plain tables of verdicts by number. */
final class TableImage {
    private TableImage() {}

    static Ruleset capabilities(List<NumberedRule> rules, UnaryOperator<Verdict> filter) {
        return table(Matcher.CAPABILITY, Layout.CAPABILITIES, rules, filter, (subject, number) ->
                subject instanceof Subject.Capabilities(var numbers) && numbers.contains(number));
    }

    /** The 64-bit numbers, then the 32-bit ones. */
    static Ruleset systemCalls(List<NumberedRule> rules, UnaryOperator<Verdict> filter) {
        return table(Matcher.SYSTEM_CALL, 2 * Layout.SYSTEM_CALLS, rules, filter, (subject, index) ->
                subject instanceof Subject.SystemCalls(var numbers64, var numbers32)
                        && (index < Layout.SYSTEM_CALLS ? numbers64.contains(index)
                                : numbers32.contains(index - Layout.SYSTEM_CALLS)));
    }

    /** By target, then by signal. */
    static Ruleset signals(List<NumberedRule> rules, UnaryOperator<Verdict> filter) {
        return table(Matcher.SIGNAL, SignalTarget.values().length * Layout.SIGNALS, rules, filter, (subject, index) ->
                subject instanceof Subject.Signals(var signals, var targets) && signals.contains(index % Layout.SIGNALS)
                        && targets.contains(SignalTarget.values()[index / Layout.SIGNALS]));
    }

    static Ruleset processFiles(List<NumberedRule> rules, UnaryOperator<Verdict> filter) {
        return table(Matcher.PROCESS_FILE, ProcessAccess.values().length, rules, filter, (subject, index) ->
                subject instanceof Subject.ProcessFiles(var accesses) && accesses.contains(ProcessAccess.values()[index]));
    }

    static Ruleset always(List<NumberedRule> rules, UnaryOperator<Verdict> filter) {
        return table(Matcher.ALWAYS, 1, rules, filter, (subject, _) -> subject instanceof Subject.Always);
    }

    /** Of rules that all ask the same program. */
    static Ruleset program(List<NumberedRule> rules, UnaryOperator<Verdict> filter) {
        return table(Matcher.PROGRAM, 1, rules, filter, (subject, _) -> subject instanceof Subject.Program);
    }

    /** Whether a rule's subject is about a table's entry. */
    private interface Match {
        boolean test(Subject subject, int index);
    }

    private static Ruleset table(Matcher matcher, int size, List<NumberedRule> rules, UnaryOperator<Verdict> filter,
            Match match) {
        ByteBuffer image = Layout.image(matcher, Layout.TABLE_OFFSET + size * Layout.VERDICT_SIZE);
        Predicate<NumberedRule> isRest = rule -> rule.enforcement().subject() instanceof Subject.Rest;
        List<NumberedRule> rests = rules.stream().filter(isRest).toList();
        for (int index = 0; index < size; index++) {
            List<NumberedRule> matching = new ArrayList<>();
            for (NumberedRule rule : rules) {
                if (match.test(rule.enforcement().subject(), index)) {
                    matching.add(rule);
                }
            }
            Layout.put(image, Layout.TABLE_OFFSET + index * Layout.VERDICT_SIZE,
                    filter.apply(Strength.verdict(matching, rests)));
        }
        return new Ruleset(matcher, image.array());
    }
}
