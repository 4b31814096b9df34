package io.bpfguard.bpf.routing;

import io.bpfguard.policy.compiled.Route;
import java.util.HexFormat;
import java.util.Objects;

/**
 * A route, and what tells it from all others, in every process and for as long as the kernel holds it.
 *
 * @param key 32 bytes, of which the first 8 are those of the policies' digest; equal keys are equal routes
 * @param route what is enforced
 */
public record KeyedRoute(byte[] key, Route route) {
    /** Nothing is enforced, because there are no policies yet. */
    public static final KeyedRoute NOTHING = new KeyedRoute(new byte[Contents.KEY_SIZE], Route.EMPTY);

    public KeyedRoute {
        key = key.clone();
        Objects.requireNonNull(route, "route is null");
        if (key.length != Contents.KEY_SIZE) {
            throw new IllegalArgumentException("a key of " + key.length + " bytes");
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeyedRoute that && java.util.Arrays.equals(key, that.key);
    }

    @Override
    public int hashCode() {
        return java.util.Arrays.hashCode(key);
    }

    @Override
    public String toString() {
        return "KeyedRoute[" + HexFormat.of().formatHex(key, 0, 6) + "]";
    }
}
