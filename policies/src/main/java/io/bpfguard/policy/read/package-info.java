/**
 * From files to {@code model}: which files count ({@link io.bpfguard.policy.read.PolicyReader},
 * {@link io.bpfguard.policy.read.FileRules}), YAML as a tree that knows its places, and the keys and values of the
 * language. Collects what is wrong and goes on, so that one pass shows most of it. Knows nothing of the node's kernel.
 * {@link io.bpfguard.policy.read.PolicySchema} says the same keys and words to editors, and stands here to have the reader's tables.
 */
package io.bpfguard.policy.read;
