package io.bpfguard.agent;

import io.bpfguard.bpf.routing.Unclaimed;
import java.nio.file.Path;
import java.util.Map;

/**
 * What an agent is started with.
 *
 * @param directories where it finds and leaves things
 * @param socket the runtime's NRI socket
 * @param pluginName the NRI name
 * @param pluginIndex the NRI index, two digits: plugins are called in its order
 * @param unclaimed what is done with containers that the runtime made without the agent's answer
 * @param environment tells whether the runtime launched the agent from its plugin directory
 */
public record AgentOptions(AgentDirectories directories, Path socket, String pluginName, String pluginIndex, Unclaimed unclaimed,
        Map<String, String> environment) {
    public AgentOptions {
        environment = Map.copyOf(environment);
    }
}
