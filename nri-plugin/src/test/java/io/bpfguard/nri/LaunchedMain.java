package io.bpfguard.nri;

import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;

/// A plugin process as a runtime would launch it. It rejects every event with the names of its environment variables, and ends
/// with status 7 when its link is lost.
public final class LaunchedMain {
    private LaunchedMain() {}

    /// Takes all it needs from the environment.
    public static void main(String[] arguments) throws InterruptedException {
        LaunchEnvironment environment = LaunchEnvironment.from(System.getenv()).orElseThrow();
        NriPlugin plugin = new NriPlugin() {
            @Override
            public Set<EventKind> events() {
                return Set.of(EventKind.START_CONTAINER);
            }

            @Override
            public void synchronize(NodeState state, Budget budget) {}

            @Override
            public void event(NriEvent event, Budget budget) throws NriRejection {
                throw new NriRejection(String.join(" ", new TreeSet<>(System.getenv().keySet())));
            }
        };
        NriRunner runner = NriRunner.start(
                plugin,
                new LaunchedConnector(environment.socket()),
                NriOptions.of(environment.pluginName(), environment.pluginIndex()));
        System.exit(runner.awaitState(NriState.CLOSED, Duration.ofSeconds(60)) ? 7 : 1);
    }
}
