package io.bpfguard.nri;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// What the runtime says of itself when it configures the plugin.
///
/// @param name           `containerd` or `cri-o`
/// @param version        its version, for instance `1.7.24` or `v2.2.1`
/// @param nriVersion     its NRI version; empty before NRI 0.12
/// @param requestTimeout how long it waits for an answer before it drops the plugin; zero before NRI 0.7
public record RuntimeInfo(String name, String version, String nriVersion, Duration requestTimeout) {
    /// @throws NullPointerException if something is missing
    public RuntimeInfo {
        requireNonNull(name, "name is null");
        requireNonNull(version, "version is null");
        requireNonNull(nriVersion, "nriVersion is null");
        requireNonNull(requestTimeout, "requestTimeout is null");
    }
}
