package io.bpfguard.state;

import io.bpfguard.policy.select.ContainerFacts;

/**
 * A container that a hook was told of: no event of a runtime will ever speak of it, so this is how others know it.
 *
 * @param facts what its policies are selected by
 * @param cgroup the name of its cgroup's directory
 * @param cgroupId the kernfs id
 */
public record StoredContainer(ContainerFacts facts, String cgroup, long cgroupId) {}
