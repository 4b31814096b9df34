/**
 * What a container's policies say of something that it does, worked out in user space from the same tables that the kernel
 * side reads; and tests of policies, written in YAML, that say what the answer should be.
 */
package io.bpfguard.policy.simulate;
