/**
 * Policies from what containers did: the {@linkplain io.bpfguard.policy.learn.AuditPolicy temporary policy} that makes the kernel side
 * report it, the {@linkplain io.bpfguard.policy.learn.Observations collection} of what it reported, with bounds, and the
 * {@linkplain io.bpfguard.policy.learn.LearnedPolicy allow-list} that comes of it.
 */
package io.bpfguard.policy.learn;
