package io.bpfguard.agent;

import io.bpfguard.bpf.routing.ContainerState;
import io.bpfguard.bpf.routing.InForce;
import io.bpfguard.bpf.routing.KeyedRoute;
import io.bpfguard.bpf.routing.ProgramRefused;
import io.bpfguard.bpf.routing.Routing;
import io.bpfguard.cgroup.CgroupPath;
import io.bpfguard.cgroup.Cgroups;
import io.bpfguard.control.AgentStatus.NamedContainer;
import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.compile.WaitingRule;
import io.bpfguard.policy.compiled.RuleInfo;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.select.ContainerFacts;
import io.bpfguard.policy.select.Selector;
import io.bpfguard.state.PolicyFile;
import io.bpfguard.state.StoredContainer;
import io.bpfguard.state.StoredContainers;
import io.bpfguard.state.UnknownLabels;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The containers of the node under the policies in force: names and labels become routes. Runtime events own a container's life;
 * a change of policies only changes its route. Thread-safe: an event and a switch never run at the same time.
 */
final class Enforcement {
    private static final Logger LOG = LoggerFactory.getLogger(Enforcement.class);
    /** Events of an older generation can still be in the ring when it is no longer in force. */
    private static final int REMEMBERED_GENERATIONS = 16;
    /** Longer than any hook takes between writing a container down and taking it in. */
    private static final Duration FORGOTTEN = Duration.ofMinutes(10);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

    private final ReentrantLock lock = new ReentrantLock();
    private final Routing state;
    private final Cgroups cgroups;
    private final Map<String, Member> byId = new HashMap<>();
    private final Map<Integer, Member> bySlot = new HashMap<>();
    private final Map<Integer, Map<Integer, RuleInfo>> generations = new HashMap<>();
    private Compiler compiler;
    private CheckedPolicies policies;
    /** What the policies in force were checked against. */
    private NodeCapabilities node;
    private int generation;

    private final PolicyFile policyFile;
    private final StoredContainers stored;
    /** When the containers were last looked for that hooks took in without this process: {@link System#nanoTime}. */
    private long lookedForHooked;

    /**
     * A container that the runtime, or a hook, told of.
     *
     * @param cgroupId 0 before its cgroup is known
     */
    record Member(ContainerFacts facts, String cgroup, long cgroupId, int slot) {}

    /**
     * Nothing is in force before the first {@link #switchTo}.
     *
     * @param policyFile gets the policies in force, for hooks that work without this process
     * @param stored has the containers that those took in
     */
    Enforcement(Routing state, Cgroups cgroups, PolicyFile policyFile, StoredContainers stored) {
        this.state = state;
        this.cgroups = cgroups;
        this.policyFile = policyFile;
        this.stored = stored;
        this.generation = state.adoptedGeneration();
    }

    /**
     * Puts policies in force for all containers, running ones included; each is switched by one store.
     *
     * @param node what they were checked against
     * @return the new generation
     * @throws PolicyException if they cannot be compiled, or the kernel does not accept a custom program; what was in force stays
     */
    int switchTo(CheckedPolicies next, NodeCapabilities node) throws PolicyException {
        Compiler compiled = new Compiler(next, node);
        compiled.warnings().forEach(warning -> LOG.warn("{}", warning));
        try {
            state.prepare(compiled.singleRoutes());
        } catch (ProgramRefused refused) {
            throw new PolicyException(compiled.placesOf(refused.program()).stream().map(at -> Problem.at(at, refused.getMessage())).toList());
        }
        lock.lock();
        try {
            return state.exclusively(() -> switchTo(next, node, compiled));
        } finally {
            lock.unlock();
        }
    }

    /** Alone on the node: a hook either wrote its container down before, or sees these policies. */
    private int switchTo(CheckedPolicies next, NodeCapabilities node, Compiler compiled) throws PolicyException {
        int number = generation + 1;
        InForce inForce = new InForce(compiled.compiled().digest(), number);
        takeInHooked();
        Map<Integer, KeyedRoute> routes = new HashMap<>();
        for (Member member : bySlot.values()) {
            routes.put(member.slot(), route(compiled, next, member.facts()));
        }
        policyFile.write(compiled.compiled(), inForce);
        state.switchRoutes(routes, inForce);
        policyFile.removeOthers(inForce);
        generation = number;
        compiler = compiled;
        policies = next;
        this.node = node;
        generations.put(number, compiled.rules());
        generations.remove(number - REMEMBERED_GENERATIONS);
        return number;
    }

    /** Learns of containers that hooks took in while this process was not there, or did not answer. */
    private void takeInHooked() {
        lookedForHooked = System.nanoTime();
        for (StoredContainer container : stored.all(LOG::error)) {
            state.slot(container.cgroupId()).ifPresent(slot -> remember(container.facts(), container.cgroup(), container.cgroupId(), slot));
        }
    }

    /**
     * Checks and compiles the policies in force again, for a node that can do more than before: a module was loaded.
     *
     * @return the new generation
     * @throws PolicyException if the node turns out not to be able to enforce them; what was in force stays
     */
    int switchAgain() throws PolicyException {
        lock.lock();
        try {
            return switchTo(Checker.check(new PolicySet(policies.policies()), node), node);
        } finally {
            lock.unlock();
        }
    }

    /** What waits for modules of the kernel. */
    List<WaitingRule> waiting() {
        lock.lock();
        try {
            return compiler == null ? List.of() : compiler.waiting();
        } finally {
            lock.unlock();
        }
    }

    /** The names of the policies in force. */
    List<String> policyNames() {
        lock.lock();
        try {
            return policies == null ? List.of() : policies.policies().stream().map(policy -> policy.name().value()).sorted().toList();
        } finally {
            lock.unlock();
        }
    }

    /** The containers that are known by name, in the order of their slots, each with the policies that are for it. */
    List<NamedContainer> named() {
        lock.lock();
        try {
            return new TreeMap<>(bySlot).values().stream().map(member -> new NamedContainer(member.slot(), member.facts().namespace(),
                    member.facts().podName(), member.facts().containerName(), member.facts().containerId(), member.facts().podLabels(), selected(member.facts()))).toList();
        } finally {
            lock.unlock();
        }
    }

    private List<String> selected(ContainerFacts facts) {
        return policies == null ? List.of() : Selector.select(policies, facts).stream().map(policy -> policy.name().value()).toList();
    }

    /** Whether these policies, word for word and place for place, are in force, with these programs. */
    boolean isInForce(CheckedPolicies other) {
        lock.lock();
        try {
            return policies != null && policies.policies().equals(other.policies()) && policies.programs().equals(other.programs());
        } finally {
            lock.unlock();
        }
    }

    /** The generation in force. */
    int generation() {
        lock.lock();
        try {
            return generation;
        } finally {
            lock.unlock();
        }
    }

    /** Whether policies are in force; without, no container can be let in. */
    boolean isReady() {
        lock.lock();
        try {
            return compiler != null;
        } finally {
            lock.unlock();
        }
    }

    /** A container is about to be created: its cgroup will have its route when it is made. */
    void expect(ContainerFacts facts, CgroupPath path) throws PolicyException {
        lock.lock();
        try {
            remember(facts, path.name(), 0, state.expect(path.name(), route(facts), generation));
        } finally {
            lock.unlock();
        }
    }

    /**
     * A container's cgroup exists: makes sure that it has its route. Before there are policies, only what runs already is taken note of.
     *
     * @param pid of its init process, 0 when the runtime does not tell
     * @param running whether the workload may be running
     * @return false if there is no such cgroup
     */
    boolean assign(ContainerFacts facts, CgroupPath path, long pid, boolean running) throws PolicyException {
        var id = cgroups.find(path, pid);
        if (id.isEmpty()) {
            return false;
        }
        lock.lock();
        try {
            int slot;
            if (compiler == null) {
                // What an earlier agent put in force stays, until there are policies again.
                OptionalInt known = state.slot(id.getAsLong());
                slot = known.isPresent() ? known.getAsInt() : state.assign(path.name(), id.getAsLong(), running, 0, KeyedRoute.NOTHING, generation);
            } else {
                slot = state.assign(path.name(), id.getAsLong(), running, 0, route(facts), generation);
            }
            remember(facts, path.name(), id.getAsLong(), slot);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * A hook tells of a container: its cgroup exists, and its workload has not begun. One that a runtime's event has told of has its route
     * already, by all that the runtime knows.
     *
     * @param labelsKnown whether the labels among the facts are the pod's
     * @param runtimeMountNamespace inode number of the mount namespace that the runtime works in
     * @param waits whether the hook still waits for this; one that does not has done it by itself, or its container is no more
     * @throws AgentException if there are no policies, the container's cannot be told without its labels, or the hook waits no more
     */
    void hooked(StoredContainer container, boolean labelsKnown, int runtimeMountNamespace, BooleanSupplier waits) throws PolicyException, AgentException {
        lock.lock();
        try {
            if (compiler == null) {
                throw new AgentException("the agent has no valid policies yet and lets no container in; see its log, or run \"bpfguard check\"");
            }
            if (state.slot(container.cgroupId()).isPresent()) {
                return;
            }
            Set<String> undecided = labelsKnown ? Set.of() : compiler.compiled().decidedByLabels(container.facts());
            if (!undecided.isEmpty()) {
                throw new AgentException(UnknownLabels.message(undecided));
            }
            KeyedRoute route = route(container.facts());
            if (!waits.getAsBoolean()) {
                throw new AgentException("the hook of container " + container.facts().containerId() + " gave the agent up");
            }
            int slot = state.assign(container.cgroup(), container.cgroupId(), false, runtimeMountNamespace, route, generation);
            remember(container.facts(), container.cgroup(), container.cgroupId(), slot);
        } finally {
            lock.unlock();
        }
    }

    /** A container is gone for the runtime. Its route stays until its cgroup is gone: a dying process is still the workload. */
    void remove(String containerId) {
        lock.lock();
        try {
            Member member = byId.remove(containerId);
            if (member != null) {
                state.forget(member.cgroup());
            }
        } finally {
            lock.unlock();
        }
    }

    /** The slots of containers that ended. */
    Set<Integer> ended() {
        return state.ended();
    }

    /** Frees {@link #ended} slots, after the last events of their containers were written with their names. */
    void free(Set<Integer> ended) {
        lock.lock();
        try {
            state.free(ended);
            Set<Integer> alive = new HashSet<>();
            state.containers().forEach(container -> alive.add(container.slot()));
            // Also those that a hook freed.
            bySlot.keySet().retainAll(alive);
            // Where a runtime did not run the hook that forgets them.
            stored.removeOld(FORGOTTEN, container -> state.slot(container.cgroupId()).isEmpty());
        } finally {
            lock.unlock();
        }
    }

    /** The runtime has told of all its containers: the others are gone for it. */
    void retain(Set<String> containerIds) {
        lock.lock();
        try {
            Set<String> gone = new HashSet<>(byId.keySet());
            gone.removeAll(containerIds);
            gone.forEach(this::remove);
        } finally {
            lock.unlock();
        }
    }

    /** The container of a slot. */
    Optional<Member> member(int slot) {
        return member(slot, 0);
    }

    /**
     * The container that a slot was when something happened in it.
     *
     * @param cgroupId of the container then; 0 for the one of now
     */
    Optional<Member> member(int slot, long cgroupId) {
        lock.lock();
        try {
            if (find(slot, cgroupId).isEmpty() && System.nanoTime() - lookedForHooked > LOOK_AGAIN.toNanos()) {
                takeInHooked();
            }
            return find(slot, cgroupId);
        } finally {
            lock.unlock();
        }
    }

    private Optional<Member> find(int slot, long cgroupId) {
        return Optional.ofNullable(bySlot.get(slot)).filter(member -> cgroupId == 0 || member.cgroupId() == 0 || member.cgroupId() == cgroupId);
    }

    /** What a rule's number meant in a generation. */
    Optional<RuleInfo> rule(int generation, int number) {
        lock.lock();
        try {
            return Optional.ofNullable(generations.getOrDefault(generation, Map.of()).get(number));
        } finally {
            lock.unlock();
        }
    }

    /** The label of a hook by its number: {@code lsm-file_open}. */
    String hook(int number) {
        return hooks().getOrDefault(number, "hook-" + number);
    }

    /** The attached hooks by number. */
    Map<Integer, String> hooks() {
        return state.hooks();
    }

    private KeyedRoute route(ContainerFacts facts) throws PolicyException {
        return route(compiler, policies, facts);
    }

    private static KeyedRoute route(Compiler compiler, CheckedPolicies policies, ContainerFacts facts) throws PolicyException {
        List<ContainerPolicy> selected = Selector.select(policies, facts);
        return new KeyedRoute(compiler.compiled().routeKey(selected.stream().map(policy -> policy.name().value()).toList()), compiler.route(selected));
    }

    private void remember(ContainerFacts facts, String cgroup, long cgroupId, int slot) {
        Member member = new Member(facts, cgroup, cgroupId, slot);
        byId.put(facts.containerId(), member);
        bySlot.put(slot, member);
    }

    /** What the kernel knows of each container. */
    List<ContainerState> containers() {
        return state.containers();
    }
}
