package io.bpfguard.control;

import java.util.List;
import java.util.Map;

/**
 * What a running agent says of itself; the names are those in JSON.
 *
 * @param version the product's
 * @param pid the agent's process
 * @param since when it started, ISO 8601
 * @param runtime name and version of the container runtime; empty before there was one
 * @param link where the link to it stands: disconnected, registering, configured, synchronized, closed
 * @param generation of the policies in force, 0 for none
 * @param policies their names
 * @param problems why the policies that were read last were refused; none if they are in force
 * @param containers those that it knows by name
 */
public record AgentStatus(String version, long pid, String since, String runtime, String link, int generation, List<String> policies,
        List<String> problems, List<NamedContainer> containers) {
    public AgentStatus {
        policies = List.copyOf(policies);
        problems = List.copyOf(problems);
        containers = List.copyOf(containers);
    }

    /**
     * A container.
     *
     * @param slot its number in the kernel
     * @param labels the pod's
     * @param policies the names of those that are for it
     */
    public record NamedContainer(int slot, String namespace, String pod, String container, String containerId, Map<String, String> labels,
            List<String> policies) {
        public NamedContainer {
            labels = Map.copyOf(labels);
            policies = List.copyOf(policies);
        }
    }
}
