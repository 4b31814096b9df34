package io.bpfguard.nri;

import io.bpfguard.nri.proto.ConfigureRequest;
import io.bpfguard.nri.proto.PodSandbox;
import java.time.Duration;

/// Messages of the wire to the records that a plugin sees.
final class Facts {
    private Facts() {}

    static Pod pod(PodSandbox pod) {
        return new Pod(
                pod.getId(),
                pod.getName(),
                pod.getUid(),
                pod.getNamespace(),
                pod.getLabelsMap(),
                pod.getAnnotationsMap(),
                pod.getRuntimeHandler(),
                Integer.toUnsignedLong(pod.getPid()),
                pod.getLinux().getCgroupParent(),
                pod.getLinux().getCgroupsPath(),
                pod.getIpsList());
    }

    static Container container(io.bpfguard.nri.proto.Container container) {
        return new Container(
                container.getId(),
                container.getPodSandboxId(),
                container.getName(),
                state(container.getState()),
                container.getLabelsMap(),
                container.getAnnotationsMap(),
                container.getArgsList(),
                Integer.toUnsignedLong(container.getPid()),
                container.getLinux().getCgroupsPath(),
                container.getImage().getName(),
                container.getImage().getDigest());
    }

    static RuntimeInfo runtime(ConfigureRequest request) {
        return new RuntimeInfo(
                request.getRuntimeName(),
                request.getRuntimeVersion(),
                request.getNriVersion(),
                Duration.ofMillis(Math.max(0, request.getRequestTimeout())));
    }

    private static ContainerState state(io.bpfguard.nri.proto.ContainerState state) {
        return switch (state) {
            case CONTAINER_CREATED -> ContainerState.CREATED;
            case CONTAINER_PAUSED -> ContainerState.PAUSED;
            case CONTAINER_RUNNING -> ContainerState.RUNNING;
            case CONTAINER_STOPPED -> ContainerState.STOPPED;
            case CONTAINER_UNKNOWN, UNRECOGNIZED -> ContainerState.UNKNOWN;
        };
    }
}
