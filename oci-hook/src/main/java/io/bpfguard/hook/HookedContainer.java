package io.bpfguard.hook;

import io.bpfguard.policy.select.ContainerFacts;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A container as a hook sees it.
 *
 * <p>Where each fact is from, by runtime (the annotations of {@code config.json} say which it is):
 * <table>
 * <caption>Sources</caption>
 * <tr><th></th><th>CRI-O</th><th>containerd's CRI plugin</th><th>Podman, runc, crun</th></tr>
 * <tr><td>namespace</td><td>{@code io.kubernetes.pod.namespace}, else the sandbox's</td><td>{@code io.kubernetes.cri.sandbox-namespace}</td>
 *     <td>{@code bpfguard.io/namespace}, else empty</td></tr>
 * <tr><td>pod</td><td>{@code io.kubernetes.pod.name}, {@code .uid}</td><td>{@code io.kubernetes.cri.sandbox-name}, {@code -uid}</td>
 *     <td>{@code bpfguard.io/pod}, else empty; no uid</td></tr>
 * <tr><td>pod's labels</td><td>the sandbox's {@code io.kubernetes.cri-o.Labels}</td><td>{@code bpfguard.io/labels} of the pod, if containerd
 *     passes it on; else unknown</td><td>{@code bpfguard.io/labels}, else none</td></tr>
 * <tr><td>pod's annotations</td><td>the sandbox's {@code io.kubernetes.cri-o.Annotations}</td><td>{@code bpfguard.io/*} that containerd passes on</td>
 *     <td>{@code bpfguard.io/*}</td></tr>
 * <tr><td>container</td><td>{@code io.kubernetes.container.name}, else CRI-O's metadata</td><td>{@code io.kubernetes.cri.container-name}</td>
 *     <td>{@code bpfguard.io/container}, else the id</td></tr>
 * <tr><td>image</td><td>{@code io.kubernetes.cri-o.ImageName}, else {@code .Image}</td><td>{@code io.kubernetes.cri.image-name}</td>
 *     <td>{@code bpfguard.io/image}</td></tr>
 * </table>
 *
 * <p>{@code bpfguard.io/labels} is {@code key=value,key2=value2}. Only on containerd and on hosts without Kubernetes it is read,
 * and {@code bpfguard.io/namespace}, {@code pod}, {@code container} and {@code image} only on the latter; on the others they are
 * refused: a pod's author cannot choose a namespace, nor an image pose as a pod's container.
 *
 * @param facts what policies select by; the container's name is empty for a pod's sandbox
 * @param sandbox whether it is the sandbox (pause container) of a pod of Kubernetes
 * @param labelsKnown whether {@code facts.podLabels()} are all of the pod's labels. If not, they are empty and mean nothing: no policy
 *     that selects by labels can be ruled out
 * @param cgroupsPath of its configuration
 */
public record HookedContainer(ContainerFacts facts, boolean sandbox, boolean labelsKnown, Optional<String> cgroupsPath) {
    public HookedContainer {
        Objects.requireNonNull(facts, "facts is null");
        Objects.requireNonNull(cgroupsPath, "cgroupsPath is null");
    }

    /**
     * The container that a runtime's state and its configuration are about. On CRI-O also reads the sandbox's configuration.
     *
     * @throws HookException if what policies select by cannot be told: annotations of several runtimes, or malformed or missing
     *     ones, or a sandbox that cannot be read
     */
    public static HookedContainer of(RuntimeState state, BundleConfig config) throws HookException {
        Map<String, String> annotations = config.annotationsOr(state);
        Dialect dialect = Dialect.of(annotations);
        if (dialect == Dialect.CRIO) {
            return CrioContainer.read(state, annotations, config.cgroupsPath());
        }
        if (dialect == Dialect.CONTAINERD) {
            return ContainerdContainer.read(state, annotations, config.cgroupsPath());
        }
        return HostContainer.read(state, annotations, config.cgroupsPath());
    }
}
