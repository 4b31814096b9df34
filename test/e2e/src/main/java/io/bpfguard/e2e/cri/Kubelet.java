package io.bpfguard.e2e.cri;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.bpfguard.e2e.cri.v1.Capability;
import io.bpfguard.e2e.cri.v1.ContainerConfig;
import io.bpfguard.e2e.cri.v1.ContainerMetadata;
import io.bpfguard.e2e.cri.v1.ContainerStatusRequest;
import io.bpfguard.e2e.cri.v1.CreateContainerRequest;
import io.bpfguard.e2e.cri.v1.ExecRequest;
import io.bpfguard.e2e.cri.v1.ExecSyncRequest;
import io.bpfguard.e2e.cri.v1.ImageSpec;
import io.bpfguard.e2e.cri.v1.LinuxContainerConfig;
import io.bpfguard.e2e.cri.v1.LinuxContainerSecurityContext;
import io.bpfguard.e2e.cri.v1.LinuxPodSandboxConfig;
import io.bpfguard.e2e.cri.v1.LinuxSandboxSecurityContext;
import io.bpfguard.e2e.cri.v1.Mount;
import io.bpfguard.e2e.cri.v1.NamespaceMode;
import io.bpfguard.e2e.cri.v1.NamespaceOption;
import io.bpfguard.e2e.cri.v1.PodSandboxConfig;
import io.bpfguard.e2e.cri.v1.PodSandboxMetadata;
import io.bpfguard.e2e.cri.v1.RemoveContainerRequest;
import io.bpfguard.e2e.cri.v1.RemovePodSandboxRequest;
import io.bpfguard.e2e.cri.v1.RunPodSandboxRequest;
import io.bpfguard.e2e.cri.v1.RuntimeServiceGrpc;
import io.bpfguard.e2e.cri.v1.SecurityProfile;
import io.bpfguard.e2e.cri.v1.StartContainerRequest;
import io.bpfguard.e2e.cri.v1.StopContainerRequest;
import io.bpfguard.e2e.cri.v1.StopPodSandboxRequest;
import io.bpfguard.e2e.cri.v1.VersionRequest;
import io.bpfguard.e2e.node.Host;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Plays the kubelet against a container runtime. Calls block; safe for use by many threads. Deadlines are long, because
 * an emulated guest is slow.
 */
public final class Kubelet implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(180);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ManagedChannel channel;
    private final Path logs;

    private Kubelet(ManagedChannel channel, Path logs) {
        this.channel = channel;
        this.logs = logs;
    }

    /** @param logs where the runtime writes what containers print, one directory per pod */
    public static Kubelet connect(Path socket, Path logs) {
        var channel = Grpc.newChannelBuilder("unix://" + socket, InsecureChannelCredentials.create())
                .overrideAuthority("localhost")
                .build();
        return new Kubelet(channel, logs);
    }

    private RuntimeServiceGrpc.RuntimeServiceBlockingStub runtime() {
        return RuntimeServiceGrpc.newBlockingStub(channel)
                .withWaitForReady()
                .withDeadlineAfter(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    }

    /** The runtime's name and version, such as {@code containerd 2.1.9}. */
    public String version() {
        var version = runtime().version(VersionRequest.getDefaultInstance());
        return version.getRuntimeName() + " " + version.getRuntimeVersion();
    }

    /** Waits until the runtime serves pods: it listens before it has started the NRI plugins that it launches. */
    public void awaitReady(Duration limit) throws InterruptedException {
        var end = Instant.now().plus(limit);
        while (true) {
            try {
                version();
                return;
            } catch (StatusRuntimeException starting) {
                if (Instant.now().isAfter(end)) {
                    throw starting;
                }
            }
            Thread.sleep(200);
        }
    }

    /** Starts a pod, in a cgroup where the real kubelet would put it. */
    public Pod runPod(PodSpec spec) {
        String uid = UUID.randomUUID().toString();
        var config = PodSandboxConfig.newBuilder()
                .setMetadata(PodSandboxMetadata.newBuilder()
                        .setName(spec.name()).setNamespace(spec.namespace()).setUid(uid))
                .setLogDirectory(logs.resolve(uid).toString())
                .putAllLabels(spec.labels())
                .putAllAnnotations(spec.annotations())
                .putLabels("io.kubernetes.pod.name", spec.name())
                .putLabels("io.kubernetes.pod.namespace", spec.namespace())
                .putLabels("io.kubernetes.pod.uid", uid)
                .setLinux(LinuxPodSandboxConfig.newBuilder()
                        .setCgroupParent(Host.runsSystemd() ? "kubepods-besteffort-pod" + uid.replace('-', '_') + ".slice" : "/kubepods/besteffort/pod" + uid)
                        .setSecurityContext(LinuxSandboxSecurityContext.newBuilder()
                                .setNamespaceOptions(hostNetwork())
                                .setPrivileged(true) // lets its containers be privileged
                                .setSeccomp(unconfined())
                                .setApparmor(unconfined())))
                .build();
        var reply = runtime().runPodSandbox(RunPodSandboxRequest.newBuilder()
                .setConfig(config).setRuntimeHandler(spec.runtimeHandler()).build());
        return new Pod(reply.getPodSandboxId(), spec, config);
    }

    /** Creates a container; it does not run yet. */
    public Container create(Pod pod, ContainerSpec spec) {
        var security = LinuxContainerSecurityContext.newBuilder()
                .setPrivileged(spec.privileged())
                .setCapabilities(Capability.newBuilder().addAllAddCapabilities(spec.capabilities()))
                .setNamespaceOptions(hostNetwork().toBuilder().setPid(spec.hostProcesses() ? NamespaceMode.NODE : NamespaceMode.CONTAINER))
                .setSeccomp(unconfined())
                .setApparmor(unconfined());
        var config = ContainerConfig.newBuilder()
                .setMetadata(ContainerMetadata.newBuilder().setName(spec.name()))
                .setImage(ImageSpec.newBuilder().setImage(spec.image()))
                .addAllCommand(spec.command())
                .putLabels("io.kubernetes.container.name", spec.name())
                .putLabels("io.kubernetes.pod.name", pod.spec().name())
                .putLabels("io.kubernetes.pod.namespace", pod.spec().namespace())
                .setLogPath(spec.name() + ".log")
                .setLinux(LinuxContainerConfig.newBuilder().setSecurityContext(security));
        for (var mount : spec.mounts()) {
            config.addMounts(Mount.newBuilder().setHostPath(mount.host().toString())
                    .setContainerPath(mount.container()).setReadonly(mount.readOnly()));
        }
        var reply = runtime().createContainer(CreateContainerRequest.newBuilder()
                .setPodSandboxId(pod.id()).setConfig(config).setSandboxConfig(pod.config()).build());
        return new Container(reply.getContainerId(), spec.name(), pod);
    }

    public void start(Container container) {
        runtime().startContainer(StartContainerRequest.newBuilder().setContainerId(container.id()).build());
    }

    /** Creates and starts. */
    public Container run(Pod pod, ContainerSpec spec) {
        var container = create(pod, spec);
        start(container);
        return container;
    }

    public Status status(Container container) {
        var reply = runtime().containerStatus(
                ContainerStatusRequest.newBuilder().setContainerId(container.id()).setVerbose(true).build());
        var status = reply.getStatus();
        return new Status(status.getState(), status.getExitCode(), pid(reply.getInfoOrDefault("info", "{}")),
                (status.getReason() + " " + status.getMessage()).strip());
    }

    private static int pid(String info) {
        try {
            return JSON.readTree(info).path("pid").asInt();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the runtime's verbose status is not JSON: " + info, e);
        }
    }

    /** Waits until the container has exited and returns its status. */
    public Status awaitExit(Container container, Duration limit) throws InterruptedException {
        var end = Instant.now().plus(limit);
        while (true) {
            var status = status(container);
            if (status.exited()) {
                return status;
            }
            if (Instant.now().isAfter(end)) {
                throw new IllegalStateException("container " + container.name() + " still runs after " + limit);
            }
            Thread.sleep(100);
        }
    }

    /** Ends a container, at once. */
    public void stop(Container container) {
        runtime().stopContainer(StopContainerRequest.newBuilder().setContainerId(container.id()).setTimeout(0).build());
    }

    public void remove(Container container) {
        runtime().removeContainer(RemoveContainerRequest.newBuilder().setContainerId(container.id()).build());
    }

    /** Ends the pod and everything in it. */
    public void removePod(Pod pod) {
        runtime().stopPodSandbox(StopPodSandboxRequest.newBuilder().setPodSandboxId(pod.id()).build());
        runtime().removePodSandbox(RemovePodSandboxRequest.newBuilder().setPodSandboxId(pod.id()).build());
    }

    /** A session through ExecSync. */
    public ExecResult execSync(Container container, List<String> command) {
        try {
            var reply = runtime().execSync(ExecSyncRequest.newBuilder()
                    .setContainerId(container.id()).addAllCmd(command).setTimeout(DEADLINE.toSeconds()).build());
            return new ExecResult(reply.getExitCode(), text(reply.getStdout()), text(reply.getStderr()), "");
        } catch (StatusRuntimeException e) {
            return new ExecResult(ExecResult.NOT_EXECUTED, "", "", String.valueOf(e.getStatus().getDescription()));
        }
    }

    /** A session through Exec and the runtime's streaming server, as kubectl's goes. */
    public ExecResult exec(Container container, List<String> command) throws InterruptedException {
        var reply = runtime().exec(ExecRequest.newBuilder()
                .setContainerId(container.id()).addAllCmd(command).setStdout(true).setStderr(true).build());
        return ExecStream.run(URI.create(reply.getUrl()), DEADLINE);
    }

    /** What the container's log holds, as the runtime wrote it. */
    public Path log(Container container) {
        return Path.of(container.pod().config().getLogDirectory(), container.name() + ".log");
    }

    private static String text(ByteString bytes) {
        return bytes.toStringUtf8();
    }

    private static NamespaceOption hostNetwork() {
        return NamespaceOption.newBuilder()
                .setNetwork(NamespaceMode.NODE).setPid(NamespaceMode.CONTAINER).setIpc(NamespaceMode.POD).build();
    }

    private static SecurityProfile unconfined() {
        return SecurityProfile.newBuilder().setProfileType(SecurityProfile.ProfileType.Unconfined).build();
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
