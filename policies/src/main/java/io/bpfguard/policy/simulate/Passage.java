package io.bpfguard.policy.simulate;

import io.bpfguard.policy.check.FamilyArguments;
import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.Verdict;
import io.bpfguard.policy.compiled.Verdicts;
import io.bpfguard.policy.model.Capability;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * A hook point that an attempt comes by, and what it asks there.
 *
 * @param questions by the matcher that can be asked; other matchers are about what is not known of the attempt
 */
record Passage(HookPoint point, Map<Matcher, Function<Verdicts, Verdict>> questions) {
    Passage {
        questions = Collections.unmodifiableMap(new EnumMap<>(questions));
    }

    /** Asks custom programs alone. */
    static Passage at(HookPoint point) {
        return new Passage(point, new EnumMap<>(Matcher.class));
    }

    /** Likewise. */
    static Passage at(String hook) {
        return at(new LsmHook(hook));
    }

    /** A capability is asked for. */
    static Passage capable(String name) {
        int capability = Capability.number(name).orElseThrow();
        return at(LsmHook.CAPABLE).askOfCall(Map.of(FamilyArguments.CAPABILITY, (long) capability))
                .ask(Matcher.CAPABILITY, verdicts -> verdicts.capability(capability));
    }

    /** One question more. */
    Passage ask(Matcher matcher, Function<Verdicts, Verdict> question) {
        Map<Matcher, Function<Verdicts, Verdict>> more = new EnumMap<>(Matcher.class);
        more.putAll(questions);
        more.put(matcher, question);
        return new Passage(point, more);
    }

    /** The rules on every call of the hook or function, and on calls with some arguments, of which these are known. */
    Passage askOfCall(Map<Extractor, ?> known) {
        return ask(Matcher.ALWAYS, Verdicts::always).ask(Matcher.ARGUMENTS, verdicts -> verdicts.certain(known));
    }

    /** The same in a 64-bit system call. */
    Passage askOfCall(int number, Map<Extractor, ?> known) {
        Map<Extractor, Object> all = new HashMap<>(known);
        all.put(Extractor.SYSTEM_CALL, Extractor.systemCall(number, false));
        return askOfCall(all).ask(Matcher.SYSTEM_CALL, verdicts -> verdicts.systemCall(number, false));
    }
}
