package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.model.Mode;
import java.util.Objects;

/**
 * A part of what a rule comes to on a node: a matcher at a hook point.
 *
 * @param hook where in the kernel
 * @param matcher by which program
 * @param subject what it compares with
 * @param action what happens there, after modes and fallbacks
 * @param mode whether the rule acts: what is only tried out must not change what acts
 * @param errno of a denial; 0 where nothing is denied
 * @param mechanism in the words of {@code explain}: {@code lsm/file_open}
 * @param note what it does not cover; empty when there is nothing to say
 */
public record Enforcement(HookPoint hook, Matcher matcher, Subject subject, Action action, Mode mode, int errno,
        String mechanism, String note) {
    public Enforcement {
        Objects.requireNonNull(hook, "hook is null");
        Objects.requireNonNull(matcher, "matcher is null");
        Objects.requireNonNull(subject, "subject is null");
        Objects.requireNonNull(action, "action is null");
        Objects.requireNonNull(mode, "mode is null");
        Objects.requireNonNull(mechanism, "mechanism is null");
        Objects.requireNonNull(note, "note is null");
    }
}
