package io.bpfguard.nri;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A container as the runtime describes it. What it did not say is empty or 0, never null.
///
/// @param id          the runtime's id, which also names the cgroup
/// @param podId       id of the pod's sandbox
/// @param name        Kubernetes name, unique in its pod
/// @param state       state at the time of the message
/// @param labels      labels of the runtime, among them `io.kubernetes.container.name`
/// @param annotations annotations of the OCI configuration
/// @param args        command line of the init process
/// @param pid         the init process in the host's pid namespace; 0 before it exists, and always on CRI-O before 1.36: then
///                    find the processes by `cgroupsPath`
/// @param cgroupsPath the OCI configuration's `cgroupsPath`, not yet a directory: `slice:prefix:name` or a path
/// @param image       name of the image, if the runtime is new enough to tell; see [#imageName()]
/// @param imageDigest digest of the image, if the runtime tells
public record Container(
        String id,
        String podId,
        String name,
        ContainerState state,
        Map<String, String> labels,
        Map<String, String> annotations,
        List<String> args,
        long pid,
        String cgroupsPath,
        String image,
        String imageDigest) {
    private static final List<String> IMAGE_ANNOTATIONS =
            List.of("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName");

    /// Copies the collections.
    public Container {
        labels = Map.copyOf(labels);
        annotations = Map.copyOf(annotations);
        args = List.copyOf(args);
    }

    /// Name of the image: from the message, or from the annotation in which containerd and CRI-O keep it.
    public Optional<String> imageName() {
        if (!image.isEmpty()) {
            return Optional.of(image);
        }
        return IMAGE_ANNOTATIONS.stream().map(annotations::get).filter(name -> name != null && !name.isEmpty()).findFirst();
    }
}
