package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.nri.FakeRuntime.Knobs;
import io.bpfguard.nri.FakeRuntime.Link;
import io.bpfguard.nri.proto.Event;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class NriRunnerTest {
    @TempDir
    Path directory;

    @Test
    void smoke() throws Exception {
        Recorder plugin = new Recorder();
        Path socket = directory.resolve("nri.sock");
        try (FakeRuntime runtime = FakeRuntime.listen(socket, Knobs.OLD);
                NriRunner runner = NriRunner.start(plugin, new UnixSocketConnector(socket), NriOptions.of("bpfguard", "10"));
                Link link = runtime.acceptReady(List.of(Samples.pod("p")), List.of(Samples.container("c", "p")))) {
            assertThat(link.event(Event.START_CONTAINER, Samples.pod("p"), Samples.container("c", "p")).ok()).isTrue();
            assertThat(Recorder.next(plugin.events)).isInstanceOf(NriEvent.StartContainer.class);
            assertThat(runner.awaitState(NriState.SYNCHRONIZED, Duration.ofSeconds(20))).isTrue();
        }
    }
}
