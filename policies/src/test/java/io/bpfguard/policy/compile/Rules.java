package io.bpfguard.policy.compile;

import io.bpfguard.policy.check.Enforcement;
import io.bpfguard.policy.check.Subject;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.Ruleset;
import io.bpfguard.policy.compiled.RuleInfo;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobSyntaxException;
import io.bpfguard.policy.model.Mode;
import io.bpfguard.policy.model.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Numbered rules for tests, without YAML. */
final class Rules {
    private Rules() {}

    static NumberedRule rule(int number, Subject subject, Action action, int errno, Mode mode) {
        Matcher matcher = switch (subject) {
            case Subject.Capabilities _ -> Matcher.CAPABILITY;
            case Subject.SystemCalls _ -> Matcher.SYSTEM_CALL;
            case Subject.Always _ -> Matcher.ALWAYS;
            case Subject.Keys(var fields, _) when fields.containsKey(KeyField.FILE_SYSTEM_TYPE) -> Matcher.MOUNT;
            default -> Matcher.PATH;
        };
        return new NumberedRule(new RuleInfo(number, "p", "r" + number, List.of("m")),
                new Enforcement(LsmHook.FILE_OPEN, matcher, subject, action, mode, errno, "m", ""),
                        Position.startOf("t"));
    }

    static NumberedRule deny(int number, Subject subject) {
        return rule(number, subject, Action.DENY, 1, Mode.ENFORCE);
    }

    static Subject.Keys paths(Set<PathOperation> operations, String... globs) {
        return Subject.paths(globs(Glob.Kind.PATH, List.of(globs)), operations);
    }

    static List<Glob> globs(Glob.Kind kind, List<String> texts) {
        List<Glob> globs = new ArrayList<>();
        for (String text : texts) {
            try {
                globs.add(Glob.parse(text, kind));
            } catch (GlobSyntaxException e) {
                throw new IllegalArgumentException(text + " " + e.getMessage(), e);
            }
        }
        return globs;
    }

    static Ruleset pathRuleset(List<NumberedRule> rules) {
        try {
            return KeyTables.ruleset(Matcher.PATH, rules, verdict -> verdict);
        } catch (TooLargeException e) {
            throw new IllegalStateException(e);
        }
    }
}
