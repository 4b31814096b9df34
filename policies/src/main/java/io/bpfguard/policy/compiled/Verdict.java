package io.bpfguard.policy.compiled;

import java.util.Comparator;

/**
 * The outcome of a decision.
 *
 * @param action what is done
 * @param errno the errno of a {@link Action#DENY} or a {@link Action#KILL} on an LSM hook, as a positive number; 0 otherwise
 * @param rule the {@linkplain RuleInfo#number() number} of the rule that decided, 0 when none did
 */
public record Verdict(Action action, int errno, int rule) {
    /** No rule decided: the operation goes on. */
    public static final Verdict NONE = new Verdict(Action.ALLOW, 0, 0);

    /** Of two that are about the same deed the later one counts: the stronger action, and of two denials the smaller errno. */
    public static final Comparator<Verdict> WEAKEST_FIRST = Comparator.comparing(Verdict::action)
            .thenComparing(Comparator.comparingInt(Verdict::errno).reversed());

    public Verdict {
        if (errno < 0 || errno > 255) {
            throw new IllegalArgumentException("errno " + errno + " does not fit the kernel side's byte");
        }
    }

    /** Whether the operation is prevented on an LSM hook. */
    public boolean prevents() {
        return action == Action.DENY || action == Action.KILL;
    }
}
