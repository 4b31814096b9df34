package io.bpfguard.nri;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// The waits between tries to connect: doubling up to a limit, each shortened by up to a fifth at random, so that the plugins
/// of a node do not come back all at once. Confined to the runner's thread.
final class Backoff {
    private static final double JITTER = 0.2;

    private final long firstNanos;
    private final long maxNanos;
    private final RandomGenerator random;
    private long nextNanos;

    Backoff(Duration first, Duration max, RandomGenerator random) {
        this.firstNanos = first.toNanos();
        this.maxNanos = max.toNanos();
        this.random = random;
        this.nextNanos = firstNanos;
    }

    /// The next wait.
    Duration next() {
        long nanos = nextNanos;
        nextNanos = Math.min(maxNanos, nanos * 2);
        return Duration.ofNanos((long) (nanos * (1 - JITTER * random.nextDouble())));
    }

    /// A connection was good: begin with the short wait again.
    void reset() {
        nextNanos = firstNanos;
    }
}
