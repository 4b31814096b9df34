package io.bpfguard.nri;

import io.bpfguard.nri.proto.PodSandbox;
import io.bpfguard.nri.proto.SynchronizeRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/// Puts the parts of a split Synchronize together. Pods and containers are split independently, so nothing is looked at before
/// the last part (containerd/nri since 0.7).
final class SplitState {
    /// What a request turned out to be.
    sealed interface Part {
        /// Kept; more will come.
        record More() implements Part {}

        /// The last one, with all that came before.
        record Last(NodeState state) implements Part {}

        /// More than any node has, so dropped.
        record TooLarge(long limitBytes) implements Part {}
    }

    /// Serialized size that is kept, in bytes.
    static final long MAX_BYTES = 64L * 1024 * 1024;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private List<Pod> pods = new ArrayList<>();
    private List<Container> containers = new ArrayList<>();
    private long bytes;

    Part add(SynchronizeRequest request) {
        lock.lock();
        try {
            bytes += request.getSerializedSize();
            if (bytes > MAX_BYTES) {
                take();
                return new Part.TooLarge(MAX_BYTES);
            }
            for (PodSandbox pod : request.getPodsList()) {
                pods.add(Facts.pod(pod));
            }
            for (io.bpfguard.nri.proto.Container container : request.getContainersList()) {
                containers.add(Facts.container(container));
            }
            return request.getMore() ? new Part.More() : new Part.Last(take());
        } finally {
            lock.unlock();
        }
    }

    private NodeState take() {
        NodeState state = NodeState.of(pods, containers);
        pods = new ArrayList<>();
        containers = new ArrayList<>();
        bytes = 0;
        return state;
    }
}
