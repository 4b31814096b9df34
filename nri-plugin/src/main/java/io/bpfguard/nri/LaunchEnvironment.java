package io.bpfguard.nri;

import java.util.Map;
import java.util.Optional;

/// What a runtime tells a plugin that it starts itself: exactly three variables, and an open socket
/// (containerd/nri pkg/api/plugin.go). The runtime goes by these names, whatever is registered later.
///
/// @param pluginName  from the file name of the plugin
/// @param pluginIndex two digits, from the file name too
/// @param socket      number of the inherited file descriptor
public record LaunchEnvironment(String pluginName, String pluginIndex, int socket) {
    private static final String NAME = "NRI_PLUGIN_NAME";
    private static final String INDEX = "NRI_PLUGIN_IDX";
    private static final String SOCKET = "NRI_PLUGIN_SOCKET";

    /// Reads the variables.
    ///
    /// @param environment for instance `System.getenv()`
    /// @return empty if the plugin was not started by a runtime
    /// @throws IllegalArgumentException if it was, but the variables are not usable
    public static Optional<LaunchEnvironment> from(Map<String, String> environment) {
        String socket = environment.get(SOCKET);
        if (socket == null) {
            return Optional.empty();
        }
        String name = environment.getOrDefault(NAME, "");
        String index = environment.getOrDefault(INDEX, "");
        if (name.isEmpty() || index.isEmpty() || !socket.matches("[0-9]{1,6}")) {
            throw new IllegalArgumentException(
                    "%s is set, so a container runtime should have started this process, but %s='%s', %s='%s', %s='%s' do not fit; "
                                    .formatted(SOCKET, NAME, name, INDEX, index, SOCKET, socket)
                            + "unset " + SOCKET + " to connect to the NRI socket instead");
        }
        return Optional.of(new LaunchEnvironment(name, index, Integer.parseInt(socket)));
    }
}
