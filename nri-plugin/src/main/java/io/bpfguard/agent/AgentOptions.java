package io.bpfguard.agent;

import java.nio.file.Path;
import java.util.Map;

/**
 * What an agent is started with.
 *
 * @param policies the directory of policies
 * @param programs the directory of custom programs
 * @param socket the runtime's NRI socket
 * @param bpffs the directory in a bpffs where the kernel's state is pinned
 * @param stateDirectory for the copy of the policies in force
 * @param runDirectory for the lock that lets one agent run
 * @param pluginName the NRI name
 * @param pluginIndex the NRI index, two digits: plugins are called in its order
 * @param environment tells whether the runtime launched the agent from its plugin directory
 */
public record AgentOptions(Path policies, Path programs, Path socket, Path bpffs, Path stateDirectory, Path runDirectory, String pluginName,
        String pluginIndex, Map<String, String> environment) {
    public AgentOptions {
        environment = Map.copyOf(environment);
    }
}
