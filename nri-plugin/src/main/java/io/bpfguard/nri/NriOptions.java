package io.bpfguard.nri;

import static java.util.Objects.requireNonNull;

import io.bpfguard.ttrpc.TtrpcLimits;
import java.time.Duration;

/// How a plugin registers, and how long it waits for what.
///
/// @param pluginName         `[a-zA-Z0-9_.+-]+`
/// @param pluginIndex        two digits; runtimes call plugins in the order of this text
/// @param registerTimeout    wait for the runtime to accept the plugin. A busy runtime takes its time, and connections are
///                           served one by one: not below 30 s in production
/// @param synchronizeTimeout wait from there to the node's state. NRI up to 0.6.1 may keep the link and never send anything
/// @param requestTimeout     assumed for a request that carries no timeout
/// @param answerFraction     part of a request's timeout after which it is answered with an error, above 0 and below 1
/// @param firstBackoff       wait before the second try to connect; it doubles, with jitter
/// @param maxBackoff         longest wait between two tries
/// @param limits             of the two ttrpc connections
public record NriOptions(
        String pluginName,
        String pluginIndex,
        Duration registerTimeout,
        Duration synchronizeTimeout,
        Duration requestTimeout,
        double answerFraction,
        Duration firstBackoff,
        Duration maxBackoff,
        TtrpcLimits limits) {
    /// Receive limit in bytes. NRI up to 0.6.1 does not split a large Synchronize and sends up to 16 MiB at once.
    public static final int MAX_RECEIVE_BYTES = 16 * 1024 * 1024 + 64 * 1024;

    /// @throws IllegalArgumentException if something is out of its range
    public NriOptions {
        requireNonNull(limits, "limits is null");
        if (!pluginName.matches("[a-zA-Z0-9_.+-]+")) {
            throw new IllegalArgumentException("plugin name '%s': only letters, digits and _ . + - are allowed".formatted(pluginName));
        }
        if (!pluginIndex.matches("[0-9][0-9]")) {
            throw new IllegalArgumentException("plugin index '%s' is not two digits".formatted(pluginIndex));
        }
        positive("registerTimeout", registerTimeout);
        positive("synchronizeTimeout", synchronizeTimeout);
        positive("requestTimeout", requestTimeout);
        positive("firstBackoff", firstBackoff);
        positive("maxBackoff", maxBackoff);
        if (!(answerFraction > 0 && answerFraction < 1)) {
            throw new IllegalArgumentException("answerFraction %s is not between 0 and 1".formatted(answerFraction));
        }
        if (maxBackoff.compareTo(firstBackoff) < 0) {
            throw new IllegalArgumentException("maxBackoff %s is shorter than firstBackoff %s".formatted(maxBackoff, firstBackoff));
        }
    }

    private static void positive(String name, Duration time) {
        if (!requireNonNull(time, name + " is null").isPositive()) {
            throw new IllegalArgumentException("%s %s is not positive".formatted(name, time));
        }
    }

    /// The values for production.
    public static NriOptions of(String pluginName, String pluginIndex) {
        return new NriOptions(
                pluginName,
                pluginIndex,
                Duration.ofSeconds(30),
                Duration.ofMinutes(2),
                Duration.ofSeconds(2),
                0.7,
                Duration.ofMillis(100),
                Duration.ofSeconds(5),
                TtrpcLimits.DEFAULT.withMaxReceiveBytes(MAX_RECEIVE_BYTES));
    }

    /// The same with other times for registration and synchronization.
    public NriOptions withTimeouts(Duration register, Duration synchronize) {
        return new NriOptions(
                pluginName, pluginIndex, register, synchronize, requestTimeout, answerFraction, firstBackoff, maxBackoff, limits);
    }

    /// The same with another part of each request's timeout for the plugin.
    public NriOptions withAnswerFraction(double fraction) {
        return new NriOptions(
                pluginName,
                pluginIndex,
                registerTimeout,
                synchronizeTimeout,
                requestTimeout,
                fraction,
                firstBackoff,
                maxBackoff,
                limits);
    }

    /// The same with other waits between tries.
    public NriOptions withBackoff(Duration first, Duration max) {
        return new NriOptions(
                pluginName, pluginIndex, registerTimeout, synchronizeTimeout, requestTimeout, answerFraction, first, max, limits);
    }

    /// The same with other limits of ttrpc.
    public NriOptions withLimits(TtrpcLimits ttrpc) {
        return new NriOptions(
                pluginName,
                pluginIndex,
                registerTimeout,
                synchronizeTimeout,
                requestTimeout,
                answerFraction,
                firstBackoff,
                maxBackoff,
                ttrpc);
    }
}
