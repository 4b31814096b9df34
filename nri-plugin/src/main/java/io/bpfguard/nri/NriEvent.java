package io.bpfguard.nri;

/// Something that the runtime tells its plugins. Whether it came as a call of its own or, from runtimes with NRI before 0.12,
/// as a StateChange makes no difference here.
public sealed interface NriEvent {
    /// The kind, as subscribed to.
    EventKind kind();

    /// The pod, in which only the id is certain to be there; and if the runtime sent no pod, not even that.
    Pod pod();

    /// An event of a pod.
    sealed interface PodEvent extends NriEvent {}

    /// An event of a container.
    sealed interface ContainerEvent extends NriEvent {
        /// The container.
        Container container();
    }

    /// See [EventKind#RUN_POD_SANDBOX].
    record RunPodSandbox(Pod pod) implements PodEvent {
        @Override
        public EventKind kind() {
            return EventKind.RUN_POD_SANDBOX;
        }
    }

    /// See [EventKind#STOP_POD_SANDBOX].
    record StopPodSandbox(Pod pod) implements PodEvent {
        @Override
        public EventKind kind() {
            return EventKind.STOP_POD_SANDBOX;
        }
    }

    /// See [EventKind#REMOVE_POD_SANDBOX].
    record RemovePodSandbox(Pod pod) implements PodEvent {
        @Override
        public EventKind kind() {
            return EventKind.REMOVE_POD_SANDBOX;
        }
    }

    /// See [EventKind#UPDATE_POD_SANDBOX].
    record UpdatePodSandbox(Pod pod) implements PodEvent {
        @Override
        public EventKind kind() {
            return EventKind.UPDATE_POD_SANDBOX;
        }
    }

    /// See [EventKind#POST_UPDATE_POD_SANDBOX].
    record PostUpdatePodSandbox(Pod pod) implements PodEvent {
        @Override
        public EventKind kind() {
            return EventKind.POST_UPDATE_POD_SANDBOX;
        }
    }

    /// See [EventKind#CREATE_CONTAINER].
    record CreateContainer(Pod pod, Container container) implements ContainerEvent {
        @Override
        public EventKind kind() {
            return EventKind.CREATE_CONTAINER;
        }
    }

    /// See [EventKind#POST_CREATE_CONTAINER].
    record PostCreateContainer(Pod pod, Container container) implements ContainerEvent {
        @Override
        public EventKind kind() {
            return EventKind.POST_CREATE_CONTAINER;
        }
    }

    /// See [EventKind#START_CONTAINER].
    record StartContainer(Pod pod, Container container) implements ContainerEvent {
        @Override
        public EventKind kind() {
            return EventKind.START_CONTAINER;
        }
    }

    /// See [EventKind#POST_START_CONTAINER].
    record PostStartContainer(Pod pod, Container container) implements ContainerEvent {
        @Override
        public EventKind kind() {
            return EventKind.POST_START_CONTAINER;
        }
    }

    /// See [EventKind#UPDATE_CONTAINER].
    record UpdateContainer(Pod pod, Container container) implements ContainerEvent {
        @Override
        public EventKind kind() {
            return EventKind.UPDATE_CONTAINER;
        }
    }

    /// See [EventKind#POST_UPDATE_CONTAINER].
    record PostUpdateContainer(Pod pod, Container container) implements ContainerEvent {
        @Override
        public EventKind kind() {
            return EventKind.POST_UPDATE_CONTAINER;
        }
    }

    /// See [EventKind#STOP_CONTAINER].
    record StopContainer(Pod pod, Container container) implements ContainerEvent {
        @Override
        public EventKind kind() {
            return EventKind.STOP_CONTAINER;
        }
    }

    /// See [EventKind#REMOVE_CONTAINER].
    record RemoveContainer(Pod pod, Container container) implements ContainerEvent {
        @Override
        public EventKind kind() {
            return EventKind.REMOVE_CONTAINER;
        }
    }
}
