/**
 * The policy language as values: policies, rules, selectors and globs, each with its place in a file. Nothing here
 * reads files, knows a kernel or makes tables: {@code read} makes these values, {@code check}, {@code select} and
 * {@code compile} use them.
 */
package io.bpfguard.policy.model;
