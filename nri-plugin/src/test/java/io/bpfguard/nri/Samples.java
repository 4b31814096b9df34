package io.bpfguard.nri;

import io.bpfguard.nri.proto.Image;
import io.bpfguard.nri.proto.LinuxContainer;
import io.bpfguard.nri.proto.LinuxPodSandbox;
import io.bpfguard.nri.proto.PodSandbox;

/// Pods and containers as the wire has them.
final class Samples {
    private Samples() {}

    static PodSandbox pod(String id) {
        return PodSandbox.newBuilder()
                .setId(id)
                .setName("name-" + id)
                .setUid("uid-" + id)
                .setNamespace("ns-" + id)
                .putLabels("app", id)
                .putAnnotations("note", "n-" + id)
                .setRuntimeHandler("runc")
                .setPid(41)
                .addIps("10.0.0.1")
                .setLinux(LinuxPodSandbox.newBuilder().setCgroupParent("/kubepods/" + id).setCgroupsPath("/kubepods/" + id + "/pause"))
                .build();
    }

    static io.bpfguard.nri.proto.Container container(String id, String podId) {
        return io.bpfguard.nri.proto.Container.newBuilder()
                .setId(id)
                .setPodSandboxId(podId)
                .setName("name-" + id)
                .setState(io.bpfguard.nri.proto.ContainerState.CONTAINER_RUNNING)
                .putLabels("io.kubernetes.container.name", "name-" + id)
                .putAnnotations("a", "b")
                .addArgs("/bin/app")
                .addArgs("-v")
                .setPid(4242)
                .setLinux(LinuxContainer.newBuilder().setCgroupsPath("kubepods.slice:cri-containerd:" + id))
                .setImage(Image.newBuilder().setName("img/" + id).setDigest("sha256:" + id))
                .build();
    }
}
