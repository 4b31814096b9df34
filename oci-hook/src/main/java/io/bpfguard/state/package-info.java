/** What the agent and hooks leave for each other on disk: the policies as compiled, and the containers that a hook was told of. */
package io.bpfguard.state;
