/**
 * The kernel's state as one object that can be read back: hooks with their routers, rulesets, chains, routes and
 * containers, in pinned maps that outlive the agent. {@link io.bpfguard.bpf.routing.RoutingState} is the way in.
 */
package io.bpfguard.bpf.routing;
