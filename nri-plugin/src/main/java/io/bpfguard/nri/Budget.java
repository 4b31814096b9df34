package io.bpfguard.nri;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// The time that a plugin method may take, counted from the arrival of the request. Immutable.
public final class Budget {
    private final long endNanos;

    private Budget(long endNanos) {
        this.endNanos = endNanos;
    }

    /// A budget that begins now.
    public static Budget of(Duration time) {
        return new Budget(System.nanoTime() + requireNonNull(time, "time is null").toNanos());
    }

    /// The time left; zero when it is used up, never negative.
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, endNanos - System.nanoTime()));
    }

    /// Whether the runtime has been answered with an error meanwhile, or is about to be.
    public boolean isSpent() {
        return remaining().isZero();
    }

    @Override
    public String toString() {
        return "Budget[remaining=%d ms]".formatted(remaining().toMillis());
    }
}
