package io.bpfguard.hook;

import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.bpf.routing.InForce;
import io.bpfguard.bpf.routing.KeyedRoute;
import io.bpfguard.bpf.routing.LoadedRoutes;
import io.bpfguard.bpf.routing.RoutingState;
import io.bpfguard.policy.compile.CompiledPolicies;
import io.bpfguard.policy.compile.StateFileException;
import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.state.PolicyFile;
import io.bpfguard.state.StateException;
import io.bpfguard.state.StoredContainers;
import io.bpfguard.state.UnknownLabels;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The hook's work without the agent, on what the agent or {@code bpfguard load} left: the policies on disk and the state in the kernel.
 *
 * <p>A set of policies that a container of this node was given before is in the kernel, and takes only the look; another one is compiled,
 * which takes what it takes the agent.
 *
 * @param run directory of what is on disk
 * @param bpffs directory where the kernel's state is pinned
 */
record NodeState(Path run, Path bpffs) {
    /** Where a runtime's hook finds them. */
    static final NodeState HERE = new NodeState(Path.of("/run/bpfguard"), Path.of("/sys/fs/bpf/bpfguard"));

    private PolicyFile policies() {
        return new PolicyFile(run.resolve("policies"));
    }

    private StoredContainers containers() {
        return new StoredContainers(run.resolve("containers"));
    }

    /**
     * Gives a container its route, and reads it back.
     *
     * @param runtimeMountNamespace inode number of the mount namespace that the runtime works in
     * @param patience how long to wait for other processes that change the state
     * @throws HookException if that cannot be done: the container must not start
     */
    void takeIn(StartingContainer starting, int runtimeMountNamespace, Duration patience) throws HookException, StateException, PolicyException {
        String id = starting.container().facts().containerId();
        // Before the lock: whoever switches policies from then on knows of it.
        try {
            containers().write(starting.stored());
        } catch (IOException failure) {
            throw new HookException("cannot write down container " + id + ": " + failure.getMessage(), failure);
        }
        boolean done = false;
        try {
            done = assignLoaded(starting, runtimeMountNamespace, patience) || assignCompiled(starting, runtimeMountNamespace, patience);
        } finally {
            if (!done) {
                forget(id);
            }
        }
    }

    /** False if the route has to be made first. */
    private boolean assignLoaded(StartingContainer starting, int runtimeMountNamespace, Duration patience) throws HookException, StateException {
        try (LoadedRoutes loaded = LoadedRoutes.open(bpffs, patience)) {
            if (loaded.slot(starting.cgroup().id()).isPresent()) {
                // An event of the runtime has told the agent of it, with all that the runtime knows.
                return true;
            }
            InForce inForce = required(loaded.inForce());
            CompiledPolicies compiled = policies().read(inForce);
            OptionalInt route = loaded.route(compiled.routeKey(select(compiled, starting.container())));
            route.ifPresent(number -> loaded.assign(starting.cgroup().name(), starting.cgroup().id(), runtimeMountNamespace, number, inForce.generation()));
            return route.isPresent();
        }
    }

    private boolean assignCompiled(StartingContainer starting, int runtimeMountNamespace, Duration patience) throws HookException, StateException, PolicyException {
        try (RoutingState state = RoutingState.open(new Libbpf(), bpffs, patience)) {
            return state.<Boolean, Exception>exclusively(() -> {
                if (state.slot(starting.cgroup().id()).isEmpty()) {
                    InForce inForce = required(state.inForce());
                    CompiledPolicies compiled = policies().read(inForce);
                    Set<String> names = select(compiled, starting.container());
                    KeyedRoute route = new KeyedRoute(compiled.routeKey(names), compiled.route(names));
                    state.assign(starting.cgroup().name(), starting.cgroup().id(), false, runtimeMountNamespace, route, inForce.generation());
                }
                return true;
            });
        } catch (HookException | StateException | PolicyException | RuntimeException told) {
            throw told;
        } catch (StateFileException wrong) {
            throw new HookException("the file of the policies in force " + wrong.getMessage() + "; start the agent, or run \"bpfguard load\"", wrong);
        } catch (Exception impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static InForce required(Optional<InForce> inForce) throws HookException {
        return inForce.orElseThrow(() -> new HookException("no policies are in force on this node, not even none: start the agent, or run \"bpfguard load\""));
    }

    private static Set<String> select(CompiledPolicies compiled, HookedContainer container) throws HookException {
        Set<String> undecided = container.labelsKnown() ? Set.of() : compiled.decidedByLabels(container.facts());
        if (!undecided.isEmpty()) {
            throw new HookException(UnknownLabels.message(undecided));
        }
        return compiled.select(container.facts());
    }

    /** A container has ended: what is known of it goes, and the slots of those whose processes are all gone. */
    void giveUp(String id, Duration patience) throws HookException {
        forget(id);
        if (RoutingState.exists(bpffs)) {
            try (LoadedRoutes loaded = LoadedRoutes.open(bpffs, patience)) {
                loaded.freeEnded();
            }
        }
    }

    private void forget(String id) throws HookException {
        try {
            containers().remove(id);
        } catch (IOException failure) {
            throw new HookException("cannot forget container " + id + ": " + failure.getMessage(), failure);
        }
    }
}
