/**
 * The compiled form of policies: what the compiler writes and the kernel side loads. Plain values; the bytes of a
 * {@link io.bpfguard.policy.compiled.Ruleset} are laid out as {@code bpf/src/main/c/ruleset.h} says.
 */
package io.bpfguard.policy.compiled;
