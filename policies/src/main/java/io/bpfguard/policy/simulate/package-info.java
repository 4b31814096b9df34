/**
 * What a container's policies say of something that it does, worked out in user space from the same tables that the kernel
 * side reads: an {@link io.bpfguard.policy.simulate.Attempt} comes by hooks, in one way or several, and at each the steps of its
 * chain are asked. And tests of policies, written in YAML, that say what the answer should be.
 */
package io.bpfguard.policy.simulate;
