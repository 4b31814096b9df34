/**
 * Holds policies against each other and against a node: names, contradictions, and for each rule the mechanism that
 * delivers it there ({@link io.bpfguard.policy.check.Lowering}), or the reason why none does. What the node can do comes
 * in through {@link io.bpfguard.policy.check.NodeCapabilities}; nothing here asks a kernel.
 */
package io.bpfguard.policy.check;
