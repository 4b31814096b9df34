package io.bpfguard.nri;

import io.bpfguard.nri.SerialHandler.Outcome;
import io.bpfguard.nri.proto.*;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the runtime calls: all methods of the Plugin service, turned into calls of the [NriPlugin] and answered in time.
///
/// Every method of the protocol is here, because a runtime reads UNIMPLEMENTED as "use the older form of this event" or as a
/// plain error. Events come both as methods of their own and as StateChange; both end in the same place. An event that was
/// not subscribed to, or that this version does not know, is answered with OK.
final class PluginService extends PluginGrpc.PluginImplBase {
    private static final Logger LOG = LoggerFactory.getLogger(PluginService.class);

    /// The connection this service belongs to.
    interface Link {
        boolean isOpen();

        /// The runtime is about to get the subscription.
        void configured();

        /// The plugin knows the node's state.
        void synchronizedNow();

        /// The link is of no further use: close it and begin again.
        void fail(String reason);
    }

    private final NriPlugin plugin;
    private final NriOptions options;
    private final SerialHandler handler;
    private final Link link;
    private final Set<EventKind> kinds;
    private final SplitState split = new SplitState();
    private volatile Duration requestTimeout;

    PluginService(NriPlugin plugin, NriOptions options, SerialHandler handler, Link link) {
        this.plugin = plugin;
        this.options = options;
        this.handler = handler;
        this.link = link;
        this.kinds = Set.copyOf(plugin.events());
        this.requestTimeout = options.requestTimeout();
    }

    // ---- registration ------------------------------------------------------------------------------------------

    @Override
    public void configure(ConfigureRequest request, StreamObserver<ConfigureResponse> observer) {
        RuntimeInfo runtime = Facts.runtime(request);
        LOG.info("runtime={} version={} nri={} configures the plugin", runtime.name(), runtime.version(), runtime.nriVersion());
        if (runtime.requestTimeout().isPositive()) {
            requestTimeout = runtime.requestTimeout();
        }
        Budget budget = budget();
        int mask;
        try {
            mask = EventMask.of(kinds, runtime);
        } catch (IllegalArgumentException e) {
            refuse(observer, Status.FAILED_PRECONDITION.withDescription(e.getMessage()));
            link.fail("no event to subscribe to: " + e.getMessage());
            return;
        }
        switch (handler.run(budget, link::isOpen, () -> plugin.configure(runtime, request.getConfig(), budget))) {
            case Outcome.Done() -> {
                link.configured();
                answer(observer, ConfigureResponse.newBuilder().setEvents(mask).build());
            }
            case Outcome outcome -> {
                Status status = status("Configure", outcome);
                refuse(observer, status);
                link.fail("the plugin did not accept its configuration: " + status.getDescription());
            }
        }
    }

    @Override
    public void synchronize(SynchronizeRequest request, StreamObserver<SynchronizeResponse> observer) {
        SplitState.Part part = split.add(request);
        switch (part) {
            case SplitState.Part.More() -> answer(observer, SynchronizeResponse.newBuilder().setMore(true).build());
            case SplitState.Part.TooLarge(long bytes) -> {
                String reason = "the node's state has more than %d bytes".formatted(bytes);
                refuse(observer, Status.RESOURCE_EXHAUSTED.withDescription(reason));
                link.fail(reason);
            }
            case SplitState.Part.Last(NodeState state) -> synchronize(state, observer);
        }
    }

    private void synchronize(NodeState state, StreamObserver<SynchronizeResponse> observer) {
        LOG.info("the runtime tells of pods={} containers={}", state.pods().size(), state.containers().size());
        Budget budget = budget();
        // Told within the turn: an event that waits behind it finds the plugin synchronized.
        switch (handler.run(budget, link::isOpen, () -> {
            plugin.synchronize(state, budget);
            link.synchronizedNow();
        })) {
            case Outcome.Done() -> answer(observer, SynchronizeResponse.getDefaultInstance());
            case Outcome.Overrun(var rest) -> {
                // An error would cost the connection. The plugin goes on, and events wait for their turn behind it.
                LOG.warn("taking over {} containers lasts longer than the runtime waits; answered it, still working",
                        state.containers().size());
                answer(observer, SynchronizeResponse.getDefaultInstance());
                rest.whenComplete((nothing, failure) -> {
                    if (failure != null) {
                        link.fail("taking over the node's state failed: " + failure);
                    }
                });
            }
            case Outcome outcome -> {
                Status status = status("Synchronize", outcome);
                refuse(observer, status);
                // NRI up to 0.6.1 would keep the link and never send an event.
                link.fail("taking over the node's state failed: " + status.getDescription());
            }
        }
    }

    /// No runtime calls this; losing the link is the only signal.
    @Override
    public void shutdown(Empty request, StreamObserver<Empty> observer) {
        LOG.info("the runtime says that it shuts down");
        answer(observer, Empty.getDefaultInstance());
    }

    // ---- events ------------------------------------------------------------------------------------------------

    @Override
    public void stateChange(StateChangeEvent change, StreamObserver<Empty> observer) {
        Pod pod = Facts.pod(change.getPod());
        Container container = Facts.container(change.getContainer());
        NriEvent event = switch (change.getEvent()) {
            case RUN_POD_SANDBOX -> new NriEvent.RunPodSandbox(pod);
            case STOP_POD_SANDBOX -> new NriEvent.StopPodSandbox(pod);
            case REMOVE_POD_SANDBOX -> new NriEvent.RemovePodSandbox(pod);
            case CREATE_CONTAINER -> new NriEvent.CreateContainer(pod, container);
            case POST_CREATE_CONTAINER -> new NriEvent.PostCreateContainer(pod, container);
            case START_CONTAINER -> new NriEvent.StartContainer(pod, container);
            case POST_START_CONTAINER -> new NriEvent.PostStartContainer(pod, container);
            case UPDATE_CONTAINER -> new NriEvent.UpdateContainer(pod, container);
            case POST_UPDATE_CONTAINER -> new NriEvent.PostUpdateContainer(pod, container);
            case STOP_CONTAINER -> new NriEvent.StopContainer(pod, container);
            case REMOVE_CONTAINER -> new NriEvent.RemoveContainer(pod, container);
            case UPDATE_POD_SANDBOX -> new NriEvent.UpdatePodSandbox(pod);
            case POST_UPDATE_POD_SANDBOX -> new NriEvent.PostUpdatePodSandbox(pod);
            case VALIDATE_CONTAINER_ADJUSTMENT, UNKNOWN, UNRECOGNIZED -> null;
        };
        if (event == null) {
            LOG.debug("ignoring a state change with event number {}", change.getEventValue());
            answer(observer, Empty.getDefaultInstance());
        } else {
            event(event, Empty.getDefaultInstance(), observer);
        }
    }

    @Override
    public void runPodSandbox(RunPodSandboxRequest r, StreamObserver<RunPodSandboxResponse> observer) {
        event(new NriEvent.RunPodSandbox(Facts.pod(r.getPod())), RunPodSandboxResponse.getDefaultInstance(), observer);
    }

    @Override
    public void updatePodSandbox(UpdatePodSandboxRequest r, StreamObserver<UpdatePodSandboxResponse> observer) {
        event(new NriEvent.UpdatePodSandbox(Facts.pod(r.getPod())), UpdatePodSandboxResponse.getDefaultInstance(), observer);
    }

    @Override
    public void postUpdatePodSandbox(PostUpdatePodSandboxRequest r, StreamObserver<PostUpdatePodSandboxResponse> observer) {
        event(
                new NriEvent.PostUpdatePodSandbox(Facts.pod(r.getPod())),
                PostUpdatePodSandboxResponse.getDefaultInstance(),
                observer);
    }

    @Override
    public void stopPodSandbox(StopPodSandboxRequest r, StreamObserver<StopPodSandboxResponse> observer) {
        event(new NriEvent.StopPodSandbox(Facts.pod(r.getPod())), StopPodSandboxResponse.getDefaultInstance(), observer);
    }

    @Override
    public void removePodSandbox(RemovePodSandboxRequest r, StreamObserver<RemovePodSandboxResponse> observer) {
        event(new NriEvent.RemovePodSandbox(Facts.pod(r.getPod())), RemovePodSandboxResponse.getDefaultInstance(), observer);
    }

    @Override
    public void createContainer(CreateContainerRequest r, StreamObserver<CreateContainerResponse> observer) {
        event(
                new NriEvent.CreateContainer(Facts.pod(r.getPod()), Facts.container(r.getContainer())),
                CreateContainerResponse.getDefaultInstance(),
                observer);
    }

    @Override
    public void postCreateContainer(PostCreateContainerRequest r, StreamObserver<PostCreateContainerResponse> observer) {
        event(
                new NriEvent.PostCreateContainer(Facts.pod(r.getPod()), Facts.container(r.getContainer())),
                PostCreateContainerResponse.getDefaultInstance(),
                observer);
    }

    @Override
    public void startContainer(StartContainerRequest r, StreamObserver<StartContainerResponse> observer) {
        event(
                new NriEvent.StartContainer(Facts.pod(r.getPod()), Facts.container(r.getContainer())),
                StartContainerResponse.getDefaultInstance(),
                observer);
    }

    @Override
    public void postStartContainer(PostStartContainerRequest r, StreamObserver<PostStartContainerResponse> observer) {
        event(
                new NriEvent.PostStartContainer(Facts.pod(r.getPod()), Facts.container(r.getContainer())),
                PostStartContainerResponse.getDefaultInstance(),
                observer);
    }

    @Override
    public void updateContainer(UpdateContainerRequest r, StreamObserver<UpdateContainerResponse> observer) {
        event(
                new NriEvent.UpdateContainer(Facts.pod(r.getPod()), Facts.container(r.getContainer())),
                UpdateContainerResponse.getDefaultInstance(),
                observer);
    }

    @Override
    public void postUpdateContainer(PostUpdateContainerRequest r, StreamObserver<PostUpdateContainerResponse> observer) {
        event(
                new NriEvent.PostUpdateContainer(Facts.pod(r.getPod()), Facts.container(r.getContainer())),
                PostUpdateContainerResponse.getDefaultInstance(),
                observer);
    }

    @Override
    public void stopContainer(StopContainerRequest r, StreamObserver<StopContainerResponse> observer) {
        event(
                new NriEvent.StopContainer(Facts.pod(r.getPod()), Facts.container(r.getContainer())),
                StopContainerResponse.getDefaultInstance(),
                observer);
    }

    @Override
    public void removeContainer(RemoveContainerRequest r, StreamObserver<RemoveContainerResponse> observer) {
        event(
                new NriEvent.RemoveContainer(Facts.pod(r.getPod()), Facts.container(r.getContainer())),
                RemoveContainerResponse.getDefaultInstance(),
                observer);
    }

    /// We are no validator: nothing to object.
    @Override
    public void validateContainerAdjustment(
            ValidateContainerAdjustmentRequest r, StreamObserver<ValidateContainerAdjustmentResponse> observer) {
        answer(observer, ValidateContainerAdjustmentResponse.getDefaultInstance());
    }

    // ---- common ------------------------------------------------------------------------------------------------

    private <T> void event(NriEvent event, T reply, StreamObserver<T> observer) {
        if (!kinds.contains(event.kind())) {
            answer(observer, reply);
            return;
        }
        Budget budget = budget();
        switch (handler.run(budget, link::isOpen, () -> plugin.event(event, budget))) {
            case Outcome.Done() -> answer(observer, reply);
            case Outcome outcome -> refuse(observer, status(event.kind() + " " + subject(event), outcome));
        }
    }

    /// The part of the request's timeout that the plugin may use.
    private Budget budget() {
        Deadline deadline = Context.current().getDeadline();
        long nanos = deadline == null ? requestTimeout.toNanos() : deadline.timeRemaining(TimeUnit.NANOSECONDS);
        return Budget.of(Duration.ofNanos((long) (Math.max(0, nanos) * options.answerFraction())));
    }

    private static String subject(NriEvent event) {
        return switch (event) {
            case NriEvent.PodEvent e -> "pod=" + e.pod().id();
            case NriEvent.ContainerEvent e -> "container=" + e.container().id();
        };
    }

    /// The error for everything but success. Never DEADLINE_EXCEEDED, lest a runtime take it for its own timeout and drop us.
    private static Status status(String what, Outcome outcome) {
        return switch (outcome) {
            case Outcome.Failed(NriRejection rejection) -> {
                LOG.info("{} rejected: {}", what, rejection.getMessage());
                yield Status.UNKNOWN.withDescription(rejection.getMessage());
            }
            case Outcome.Failed(Throwable cause) -> {
                LOG.error("{} failed", what, cause);
                yield Status.UNKNOWN.withDescription("bpfguard failed at %s: %s".formatted(what, cause));
            }
            case Outcome.Busy() -> {
                LOG.error("{} refused: the event before it is still being handled", what);
                yield Status.ABORTED.withDescription("bpfguard is busy with an earlier event; try again");
            }
            case Outcome.Overrun(var rest) -> {
                LOG.error("{} refused: not handled within the time the runtime allows", what);
                yield Status.ABORTED.withDescription("bpfguard did not finish in the time the runtime allows; try again");
            }
            case Outcome.Done() -> throw new IllegalArgumentException("success has no error");
        };
    }

    private static <T> void answer(StreamObserver<T> observer, T reply) {
        observer.onNext(reply);
        observer.onCompleted();
    }

    private static void refuse(StreamObserver<?> observer, Status status) {
        observer.onError(status.asRuntimeException());
    }
}
