package io.bpfguard.e2e.cri;

import io.bpfguard.e2e.cri.v1.PodSandboxConfig;

/** A pod that runs. CRI wants its configuration again with every container. */
public record Pod(String id, PodSpec spec, PodSandboxConfig config) {}
