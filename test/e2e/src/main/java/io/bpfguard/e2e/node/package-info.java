/** The node under test, from its host's side: the runtime, the agent and its events, policies, and what processes really did. */
package io.bpfguard.e2e.node;
