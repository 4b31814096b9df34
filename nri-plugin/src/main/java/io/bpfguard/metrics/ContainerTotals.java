package io.bpfguard.metrics;

import io.bpfguard.bpf.routing.ContainerState;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The sums over all containers of what the kernel counts for each, those that are gone included. The kernel's counters go with their
 * container: what was added between the last look and that is not in the sums. Thread-safe.
 */
public final class ContainerTotals {
    private final Map<Integer, Seen> bySlot = new HashMap<>();
    private Counts sum = Counts.NOTHING;

    /** A container when it was last looked at: a slot is given to others later. */
    private record Seen(String name, long cgroupId, Counts counts) {}

    /**
     * What the kernel counts.
     *
     * @param audited decisions reported without effect
     * @param denied decisions that prevented something
     * @param killed decisions that killed
     * @param errors internal errors, which denied
     * @param lost decisions whose event did not fit into the ring
     * @param throttled decisions without an event, because the container had too many in that second
     */
    public record Counts(long audited, long denied, long killed, long errors, long lost, long throttled) {
        static final Counts NOTHING = new Counts(0, 0, 0, 0, 0, 0);

        static Counts of(ContainerState state) {
            return new Counts(state.audited(), state.denied(), state.killed(), state.errors(), state.eventsLost(), state.eventsThrottled());
        }

        Counts plus(Counts other, int sign) {
            return new Counts(audited + sign * other.audited, denied + sign * other.denied, killed + sign * other.killed, errors + sign * other.errors,
                    lost + sign * other.lost, throttled + sign * other.throttled);
        }
    }

    /**
     * Takes a look.
     *
     * @param containers all that there are
     * @return the sums
     */
    public synchronized Counts add(List<ContainerState> containers) {
        Map<Integer, Seen> before = new HashMap<>(bySlot);
        bySlot.clear();
        for (ContainerState container : containers) {
            Counts now = Counts.of(container);
            Seen seen = before.get(container.slot());
            // Announced first, and its cgroup's id known later.
            boolean same = seen != null && seen.name().equals(container.name()) && (seen.cgroupId() == 0 || seen.cgroupId() == container.cgroupId());
            sum = sum.plus(now, 1).plus(same ? seen.counts() : Counts.NOTHING, -1);
            bySlot.put(container.slot(), new Seen(container.name(), container.cgroupId(), now));
        }
        return sum;
    }
}
