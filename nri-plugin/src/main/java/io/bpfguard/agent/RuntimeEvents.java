package io.bpfguard.agent;

import io.bpfguard.cgroup.CgroupPath;
import io.bpfguard.events.EventLog;
import io.bpfguard.metrics.Metrics;
import io.bpfguard.nri.Budget;
import io.bpfguard.nri.Container;
import io.bpfguard.nri.ContainerState;
import io.bpfguard.nri.EventKind;
import io.bpfguard.nri.NodeState;
import io.bpfguard.nri.NriEvent;
import io.bpfguard.nri.NriPlugin;
import io.bpfguard.nri.NriRejection;
import io.bpfguard.nri.NriState;
import io.bpfguard.nri.Pod;
import io.bpfguard.nri.RuntimeInfo;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.select.ContainerFacts;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The NRI plugin: the runtime's events become calls of {@link Enforcement}. What cannot be enforced is refused. */
final class RuntimeEvents implements NriPlugin {
    private static final Logger LOG = LoggerFactory.getLogger(RuntimeEvents.class);
    private static final Set<EventKind> EVENTS = Set.of(EventKind.RUN_POD_SANDBOX, EventKind.REMOVE_POD_SANDBOX,
            EventKind.CREATE_CONTAINER, EventKind.POST_CREATE_CONTAINER, EventKind.START_CONTAINER,
            EventKind.STOP_CONTAINER, EventKind.REMOVE_CONTAINER);

    private final Enforcement enforcement;
    private final EventLog log;
    private final Metrics metrics;
    /** Pods by id: events of later runtimes may carry a pod's id only. Touched by one handler at a time. */
    private final Map<String, Pod> pods = new HashMap<>();
    /** Its name and version; empty before there was one. */
    private volatile String runtime = "";
    private volatile NriState link = NriState.DISCONNECTED;

    RuntimeEvents(Enforcement enforcement, EventLog log, Metrics metrics) {
        this.enforcement = enforcement;
        this.log = log;
        this.metrics = metrics;
    }

    @Override
    public Set<EventKind> events() {
        return EVENTS;
    }

    @Override
    public void configure(RuntimeInfo runtime, String config, Budget budget) {
        this.runtime = runtime.name() + " " + runtime.version();
        LOG.info("runtime {}", this.runtime);
    }

    @Override
    public void stateChanged(NriState state) {
        link = state;
        metrics.linked(state == NriState.SYNCHRONIZED);
        log.write("agent", json -> json.writeStringField("state", state.name().toLowerCase(Locale.ROOT)));
    }

    /** The runtime that last told of itself, its name and version. */
    String runtime() {
        return runtime;
    }

    /** Where the link to it stands. */
    NriState link() {
        return link;
    }

    @Override
    public void synchronize(NodeState state, Budget budget) {
        pods.clear();
        pods.putAll(state.pods());
        Set<String> present = new HashSet<>();
        for (Container container : state.containers()) {
            present.add(container.id());
            boolean running = container.state() == ContainerState.RUNNING || container.state() == ContainerState.PAUSED;
            Pod pod = state.podOf(container).orElse(null);
            if (pod == null) {
                LOG.warn("the runtime listed container {} without its pod; policies that select by namespace or labels cannot match it", container.id());
            }
            ContainerFacts facts = facts(pod, container);
            try {
                adopt(facts, container, running);
            } catch (NriRejection | PolicyException | RuntimeException failure) {
                // It runs already and there is nothing to refuse; the others must not suffer for it.
                LOG.error("container {} cannot be taken over and is not judged", container.id(), failure);
                log.write("not-judged", json -> {
                    json.writeStringField("namespace", facts.namespace());
                    json.writeStringField("pod", facts.podName());
                    json.writeStringField("container", facts.containerName());
                    json.writeStringField("containerId", facts.containerId());
                    json.writeStringField("reason", String.valueOf(failure.getMessage()));
                });
            }
        }
        enforcement.retain(present);
    }

    private void adopt(ContainerFacts facts, Container container, boolean running) throws PolicyException, NriRejection {
        CgroupPath path = path(container);
        if (!enforcement.assign(facts, path, container.pid(), running)) {
            if (running) {
                LOG.warn("container {} runs, but its cgroup {} is not there; it has ended or is outside this cgroup hierarchy", container.id(), path.path());
            }
            if (enforcement.isReady()) {
                enforcement.expect(facts, path);
            }
        }
    }

    @Override
    public void event(NriEvent event, Budget budget) throws NriRejection, PolicyException {
        long begin = System.nanoTime();
        try {
            handle(event);
        } finally {
            metrics.handled(event.kind().name().toLowerCase(Locale.ROOT), System.nanoTime() - begin);
        }
    }

    private void handle(NriEvent event) throws NriRejection, PolicyException {
        switch (event) {
            case NriEvent.RunPodSandbox run -> pods.put(run.pod().id(), run.pod());
            case NriEvent.RemovePodSandbox remove -> pods.remove(remove.pod().id());
            case NriEvent.CreateContainer create -> {
                requirePolicies();
                enforcement.expect(facts(pod(create), create.container()), path(create.container()));
            }
            case NriEvent.PostCreateContainer created -> {
                // On CRI-O the cgroup exists now, and errors at START do not stop it; on containerd it comes later.
                requirePolicies();
                Container container = created.container();
                enforcement.assign(facts(pod(created), container), path(container), container.pid(), false);
            }
            case NriEvent.StartContainer start -> {
                requirePolicies();
                Container container = start.container();
                if (!enforcement.assign(facts(pod(start), container), path(container), container.pid(), false)) {
                    throw new NriRejection("BPFGuard cannot find the cgroup of container " + container.name() + " at "
                            + path(container).path() + " nor by its process " + container.pid() + "; the container is not started without its policies");
                }
            }
            case NriEvent.StopContainer stop -> { }
            case NriEvent.RemoveContainer remove -> enforcement.remove(remove.container().id());
            default -> LOG.debug("event {} is not subscribed to", event.kind());
        }
    }

    private void requirePolicies() throws NriRejection {
        if (!enforcement.isReady()) {
            throw new NriRejection("BPFGuard has no valid policies yet and starts no container without them: see its log, or run \"bpfguard check\" on the node");
        }
    }

    /** The pod of the event, or what an earlier event said where this one has an id only. */
    private Pod pod(NriEvent.ContainerEvent event) {
        Pod pod = event.pod();
        return pod.namespace().isEmpty() ? pods.getOrDefault(event.container().podId(), pod) : pod;
    }

    private static CgroupPath path(Container container) throws NriRejection {
        try {
            return CgroupPath.of(container.cgroupsPath());
        } catch (IllegalArgumentException failure) {
            throw new NriRejection("BPFGuard cannot tell the cgroup of container " + container.name() + ": " + failure.getMessage());
        }
    }

    /** Image labels are among a container's labels and are the image author's: only the pod's labels select policies. */
    private static ContainerFacts facts(Pod pod, Container container) {
        String name = container.name().isEmpty() ? container.labels().getOrDefault("io.kubernetes.container.name", "") : container.name();
        if (pod == null) {
            return new ContainerFacts("", "", "", Map.of(), Map.of(), name, container.imageName(), container.id());
        }
        return new ContainerFacts(pod.namespace(), pod.name(), pod.uid(), pod.labels(), pod.annotations(), name, container.imageName(), container.id());
    }
}
