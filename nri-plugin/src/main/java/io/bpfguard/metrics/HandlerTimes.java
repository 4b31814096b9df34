package io.bpfguard.metrics;

import java.util.Arrays;

/** How long handlers took; the last 4096 count. Thread-safe. */
public final class HandlerTimes {
    private final long[] nanos = new long[4096];
    private long count;

    synchronized void record(long nanos) {
        this.nanos[(int) (count++ % this.nanos.length)] = nanos;
    }

    public synchronized long count() {
        return count;
    }

    /** The value that the given part of the handlers did not exceed, in microseconds; 0 before the first. */
    public synchronized long quantileMicros(double part) {
        int known = (int) Math.min(count, nanos.length);
        if (known == 0) {
            return 0;
        }
        long[] sorted = Arrays.copyOf(nanos, known);
        Arrays.sort(sorted);
        return sorted[Math.min(known - 1, (int) Math.ceil(known * part) - 1)] / 1000;
    }
}
