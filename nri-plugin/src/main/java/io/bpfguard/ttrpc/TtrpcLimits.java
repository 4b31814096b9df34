package io.bpfguard.ttrpc;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// What one ttrpc connection is allowed to cost.
///
/// @param maxReceiveBytes longest data of a frame that is accepted; longer ones are skipped and answered RESOURCE_EXHAUSTED
/// @param maxSendBytes    longest data of a frame that is sent; the peer's receive limit, 4 MiB in every Go release
/// @param maxInFlight     calls that a server runs at once; more are answered RESOURCE_EXHAUSTED
/// @param stallTimeout    longest time from the first byte of a frame to its last; then the connection is closed
public record TtrpcLimits(int maxReceiveBytes, int maxSendBytes, int maxInFlight, Duration stallTimeout) {
    /// The limit of the protocol, in bytes: a frame with exactly this much data is still valid (ttrpc PROTOCOL.md).
    public static final int MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

    /// The protocol's limits: 4 MiB each way, 64 calls, 10 s.
    public static final TtrpcLimits DEFAULT =
            new TtrpcLimits(MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES, 64, Duration.ofSeconds(10));

    /// @throws IllegalArgumentException if a limit is not positive
    public TtrpcLimits {
        requireNonNull(stallTimeout, "stallTimeout is null");
        if (maxReceiveBytes < 1 || maxSendBytes < 1 || maxInFlight < 1 || !stallTimeout.isPositive()) {
            throw new IllegalArgumentException("every limit must be positive");
        }
    }

    /// The same limits with another receive limit in bytes.
    public TtrpcLimits withMaxReceiveBytes(int bytes) {
        return new TtrpcLimits(bytes, maxSendBytes, maxInFlight, stallTimeout);
    }

    /// The same limits with another bound on concurrent calls.
    public TtrpcLimits withMaxInFlight(int calls) {
        return new TtrpcLimits(maxReceiveBytes, maxSendBytes, calls, stallTimeout);
    }

    /// The same limits with another bound on the arrival of one frame.
    public TtrpcLimits withStallTimeout(Duration timeout) {
        return new TtrpcLimits(maxReceiveBytes, maxSendBytes, maxInFlight, timeout);
    }
}
