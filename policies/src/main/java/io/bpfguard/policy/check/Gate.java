package io.bpfguard.policy.check;

import java.util.List;

/**
 * An LSM hook that a system call passes before it has an effect.
 *
 * @param hooks the hook's names on different kernels; the first that the node has is it
 * @param required whether the call is not covered without it; otherwise it only exists where it is needed
 */
record Gate(List<String> hooks, boolean required) {
    Gate {
        hooks = List.copyOf(hooks);
    }

    static Gate of(String... hooks) {
        return new Gate(List.of(hooks), true);
    }

    static Gate ifPresent(String hook) {
        return new Gate(List.of(hook), false);
    }
}
