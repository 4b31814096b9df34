/** What the agent counts and measures, for Prometheus. */
package io.bpfguard.metrics;
