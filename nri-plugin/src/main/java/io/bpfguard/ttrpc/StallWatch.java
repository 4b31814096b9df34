package io.bpfguard.ttrpc;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// Notices a message that began to arrive and does not end: the reader marks begin and end, any thread may ask.
///
/// A sender that lost its place in the stream (NRI up to 0.6.1 after an oversize message) looks like this for ever, and no
/// read error will ever tell. Begin and end are called by one thread.
public final class StallWatch {
    private static final long IDLE = Long.MIN_VALUE;

    private final long limitNanos;
    private volatile long since = IDLE;

    /// @param limit the longest time one message may take from its first byte to its last
    public StallWatch(Duration limit) {
        this.limitNanos = requireNonNull(limit, "limit is null").toNanos();
    }

    /// The first bytes of a message are here.
    public void begin() {
        since = System.nanoTime();
    }

    /// The message is complete.
    public void end() {
        since = IDLE;
    }

    /// Whether a message has been incomplete for longer than the limit.
    public boolean expired() {
        long start = since;
        return start != IDLE && System.nanoTime() - start > limitNanos;
    }

    /// How often to ask, so that a stall is found at most a quarter late.
    public Duration pollInterval() {
        return Duration.ofNanos(Math.max(1_000_000, limitNanos / 4));
    }
}
