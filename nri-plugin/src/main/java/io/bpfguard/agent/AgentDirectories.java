package io.bpfguard.agent;

import java.nio.file.Path;

/**
 * Where an agent finds and leaves things.
 *
 * @param policies the directory of policies
 * @param programs the directory of custom programs
 * @param bpffs the directory in a bpffs where the kernel's state is pinned
 * @param state for the copy of the policies in force
 * @param run for the lock that lets one agent run, and for what it shares with the OCI hook
 */
public record AgentDirectories(Path policies, Path programs, Path bpffs, Path state, Path run) {}
