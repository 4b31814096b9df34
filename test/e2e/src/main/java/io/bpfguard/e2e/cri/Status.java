package io.bpfguard.e2e.cri;

import io.bpfguard.e2e.cri.v1.ContainerState;

/**
 * What the runtime says of a container.
 *
 * @param exitCode meaningful once it has exited
 * @param pid the first process, in the host's numbers; 0 when there is none
 * @param reason the runtime's words when it went wrong
 */
public record Status(ContainerState state, int exitCode, int pid, String reason) {
    public boolean running() {
        return state == ContainerState.CONTAINER_RUNNING;
    }

    public boolean exited() {
        return state == ContainerState.CONTAINER_EXITED;
    }
}
