package io.bpfguard.nri;

import io.bpfguard.nri.FakeRuntime.Knobs;
import io.bpfguard.nri.FakeRuntime.Link;
import io.bpfguard.nri.FakeRuntime.Reply;
import io.bpfguard.nri.proto.Event;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/// A plugin that writes down what it sees, and a fake runtime for it, over a real socket.
abstract class WithRuntime {
    static final Duration PATIENCE = Duration.ofSeconds(30);
    static final NriOptions OPTIONS =
            NriOptions.of("bpfguard", "10").withBackoff(Duration.ofMillis(5), Duration.ofMillis(50));

    @TempDir
    Path directory;

    final Recorder plugin = new Recorder();
    final List<AutoCloseable> open = new ArrayList<>();
    NriRunner runner;

    FakeRuntime runtime(Knobs knobs) throws IOException {
        FakeRuntime runtime = FakeRuntime.listen(directory.resolve("nri.sock"), knobs);
        open.add(runtime);
        return runtime;
    }

    FakeRuntime start(Knobs knobs, NriOptions options) throws IOException {
        FakeRuntime runtime = runtime(knobs);
        runner = NriRunner.start(plugin, new UnixSocketConnector(directory.resolve("nri.sock")), options);
        open.add(runner);
        return runtime;
    }

    FakeRuntime start(Knobs knobs) throws IOException {
        return start(knobs, OPTIONS);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : open.reversed()) {
            closeable.close();
        }
    }

    static Reply start(Link link, String id) throws Exception {
        return link.event(Event.START_CONTAINER, Samples.pod("p"), Samples.container(id, "p"));
    }
}
