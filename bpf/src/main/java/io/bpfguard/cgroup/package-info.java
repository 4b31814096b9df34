/** Where containers' cgroups are on this node: read by the agent and by the OCI hook, which both find a container by its cgroup. */
package io.bpfguard.cgroup;
