package io.bpfguard.agent;

import java.nio.file.Path;
import java.util.Map;

/**
 * What an agent is started with.
 *
 * @param directories where it finds and leaves things
 * @param output where events go, and metrics are to be had
 * @param socket the runtime's NRI socket
 * @param pluginName the NRI name
 * @param pluginIndex the NRI index, two digits: plugins are called in its order
 * @param environment tells whether the runtime launched the agent from its plugin directory
 */
public record AgentOptions(AgentDirectories directories, AgentOutput output, Path socket, String pluginName, String pluginIndex, Map<String, String> environment) {
    public AgentOptions {
        environment = Map.copyOf(environment);
    }
}
