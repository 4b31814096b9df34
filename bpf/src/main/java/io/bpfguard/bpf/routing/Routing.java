package io.bpfguard.bpf.routing;

import io.bpfguard.policy.compiled.Route;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Containers and their routes, as the agent and the hook change them. {@link RoutingState} is the kernel's; all methods are thread-safe.
 * Each is whole for other threads and for other processes; {@link #exclusively} makes several into one.
 */
public interface Routing {
    /** The highest generation in the state that was taken over; a new agent goes on from there. */
    int adoptedGeneration();

    /**
     * Runs something while no other thread and no other process changes anything.
     *
     * @param change may call the other methods
     * @throws RoutingException if another process is at it for too long
     * @throws E what the change throws
     */
    <T, E extends Exception> T exclusively(Change<T, E> change) throws E;

    /**
     * What {@link #exclusively} runs.
     *
     * @param <T> what it gives
     * @param <E> what it throws
     */
    interface Change<T, E extends Exception> {
        /** Runs it. */
        T make() throws E;
    }

    /** The policies that were last {@linkplain #switchRoutes switched} to; empty before there were any. */
    Optional<InForce> inForce();

    /**
     * Attaches the hooks of routes that containers may be given, and keeps them attached until the next call, so that giving a
     * container its route is quick and cannot fail for want of a hook.
     *
     * @throws RuntimeException if one cannot be attached; those that are attached stay for a while
     */
    void prepare(Collection<Route> routes);

    /**
     * Announces a container before its cgroup exists: as soon as the runtime makes a cgroup of this name, the kernel
     * gives it the route. Announcing it again changes its route.
     *
     * @param name the name of the cgroup's directory, at most 127 bytes
     * @return the container's slot
     */
    int expect(String name, KeyedRoute route, int generation);

    /**
     * Makes sure that a cgroup that exists has its route, and reads it back.
     *
     * @param running whether the workload may be running: then its tasks are labelled too
     * @param runtimeMountNamespace inode number of the mount namespace that the runtime works in; 0 for that of process 1
     * @return the container's slot
     */
    int assign(String name, long cgroupId, boolean running, int runtimeMountNamespace, KeyedRoute route, int generation);

    /** Gives up a container that was announced and never made; anything else is left to the end of its cgroup. */
    void forget(String name);

    /**
     * Switches containers to new routes, each by one store, and then frees what no container uses any more. Routes are
     * all loaded before the first container is switched; if one cannot be, nothing changes.
     *
     * @param routesBySlot the new route of each container
     * @param policies what they were made of; from then on in force
     */
    void switchRoutes(Map<Integer, KeyedRoute> routesBySlot, InForce policies);

    /** What is done with workloads that no container claims, from now on. */
    void setUnclaimed(Unclaimed settings);

    /**
     * A cgroup is a pod's sandbox, not a container that was not announced: its program goes on, or will not be stopped.
     *
     * @param cgroup relative to the root of the hierarchy
     * @param cgroupId its id
     */
    void release(Path cgroup, long cgroupId);

    /** The slot of the container that a cgroup belongs to, by the cgroup's id. */
    OptionalInt slot(long cgroupId);

    /** What the kernel side knows of each container. */
    List<ContainerState> containers();

    /** The slots of containers whose cgroup and tasks are gone: they decide nothing any more. */
    Set<Integer> ended();

    /** Frees {@link #ended} slots, and all that no container uses; to be called now and then. */
    void free(Set<Integer> ended);

    /** The hooks and functions that have a router, by number. */
    Map<Integer, String> hooks();
}
