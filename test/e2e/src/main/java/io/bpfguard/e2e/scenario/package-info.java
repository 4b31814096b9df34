/** What is shown on a node, one class per group of checks, and the trial: one attempt with its control, denial and neighbour. */
package io.bpfguard.e2e.scenario;
