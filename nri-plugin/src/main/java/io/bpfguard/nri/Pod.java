package io.bpfguard.nri;

import java.util.List;
import java.util.Map;

/// A pod as the runtime describes it. What it did not say is empty or 0, never null.
///
/// @param id             the runtime's id of the sandbox
/// @param name           Kubernetes name
/// @param uid            Kubernetes uid
/// @param namespace      Kubernetes namespace
/// @param labels         Kubernetes labels
/// @param annotations    Kubernetes annotations, and the runtime's own
/// @param runtimeHandler name of the runtime class' handler
/// @param pid            the pause process in the host's pid namespace, or 0 where there is none
/// @param cgroupParent   cgroup of the pod, as the kubelet names it
/// @param cgroupsPath    cgroup of the pause container, as the runtime names it
/// @param ips            IP addresses, if the runtime is new enough to tell
public record Pod(
        String id,
        String name,
        String uid,
        String namespace,
        Map<String, String> labels,
        Map<String, String> annotations,
        String runtimeHandler,
        long pid,
        String cgroupParent,
        String cgroupsPath,
        List<String> ips) {
    /// Copies the collections.
    public Pod {
        labels = Map.copyOf(labels);
        annotations = Map.copyOf(annotations);
        ips = List.copyOf(ips);
    }
}
