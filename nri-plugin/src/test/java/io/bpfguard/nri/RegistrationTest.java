package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.bpfguard.nri.FakeRuntime.Knobs;
import io.bpfguard.nri.FakeRuntime.Link;
import io.bpfguard.nri.FakeRuntime.Reply;
import io.bpfguard.nri.proto.Empty;
import io.bpfguard.nri.proto.Event;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// From the first byte to the subscription, and how a link ends.
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RegistrationTest extends WithRuntime {
    @Test
    @DisplayName("the whole way: register, configure, synchronize, event; what the plugin sees is what was sent")
    void wholeWay() throws Exception {
        FakeRuntime runtime = start(Knobs.OLD);
        try (Link link = runtime.accept()) {
            var registration = link.register();
            assertThat(registration.getPluginName()).isEqualTo("bpfguard");
            assertThat(registration.getPluginIdx()).isEqualTo("10");
            assertThat(link.configure("the config").getEvents()).isEqualTo(0x07ff);
            link.synchronize(List.of(Samples.pod("p")), List.of(Samples.container("c", "p")));
            assertThat(runner.awaitState(NriState.SYNCHRONIZED, PATIENCE)).isTrue();
            assertThat(plugin.configs).containsExactly("the config");
            assertThat(plugin.runtimes.remove()).isEqualTo(new RuntimeInfo("containerd", "1.7.24", "", Duration.ZERO));

            Pod pod = new Pod(
                    "p", "name-p", "uid-p", "ns-p", Map.of("app", "p"), Map.of("note", "n-p"), "runc", 41, "/kubepods/p",
                    "/kubepods/p/pause", List.of("10.0.0.1"));
            Container container = new Container(
                    "c", "p", "name-c", ContainerState.RUNNING, Map.of("io.kubernetes.container.name", "name-c"), Map.of("a", "b"),
                    List.of("/bin/app", "-v"), 4242, "kubepods.slice:cri-containerd:c", "img/c", "sha256:c");
            assertThat(Recorder.next(plugin.nodes)).isEqualTo(new NodeState(Map.of("p", pod), List.of(container)));
            assertThat(start(link, "c").ok()).isTrue();
            assertThat(plugin.events.remove()).isEqualTo(new NriEvent.StartContainer(pod, container));
            assertThat(link.mux.violations()).isEmpty();
            assertThat(link.mux.frameLengths(1)).allMatch(length -> length <= 4096);
        }
        assertThat(runner.awaitState(NriState.DISCONNECTED, PATIENCE)).isTrue();
        runner.close();
        assertThat(runner.state()).isEqualTo(NriState.CLOSED);
        assertThat(plugin.states)
                .startsWith(NriState.REGISTERING, NriState.CONFIGURED, NriState.SYNCHRONIZED, NriState.DISCONNECTED)
                .endsWith(NriState.CLOSED);
    }

    @ParameterizedTest
    @EnumSource(GoMux.Split.class)
    @DisplayName("items 7 and 35: the whole way with every way to cut messages")
    void splits(GoMux.Split split) throws Exception {
        FakeRuntime runtime = start(Knobs.NEW.split(split));
        try (Link link = runtime.acceptReady(List.of(Samples.pod("p")), List.of(Samples.container("c", "p")))) {
            for (int i = 0; i < 20; i++) {
                assertThat(start(link, "c" + i).ok()).isTrue();
                assertThat(plugin.events.remove()).isInstanceOf(NriEvent.StartContainer.class);
            }
            assertThat(link.mux.violations()).isEmpty();
        }
    }

    @Test
    @DisplayName("item 40: Configure may come, and be answered, before the reply to RegisterPlugin")
    void configureFirst() throws Exception {
        FakeRuntime runtime = start(Knobs.OLD);
        try (Link link = runtime.accept()) {
            link.readRegister();
            assertThat(link.configure("early").getEvents()).isNotZero();
            link.synchronize(List.of(), List.of());
            assertThat(runner.awaitState(NriState.SYNCHRONIZED, PATIENCE)).isTrue();
            link.acceptRegister();
            assertThat(start(link, "c").ok()).isTrue();
        }
    }

    @Test
    @DisplayName("item 41: when registration is refused we close the link and try again later")
    void registerRefused() throws Exception {
        FakeRuntime runtime = start(Knobs.OLD);
        for (int i = 0; i < 3; i++) {
            try (Link link = runtime.accept()) {
                link.readRegister();
                link.refuseRegister("invalid plugin index: \"10\"");
                link.awaitClosed();
            }
        }
        try (Link link = runtime.acceptReady()) {
            assertThat(start(link, "c").ok()).isTrue();
            assertThat(runner.lastTrouble()).contains("invalid plugin index");
        }
    }

    @Test
    @DisplayName("item 42: the mask follows the runtime, and without a common event the link is closed")
    void mask() throws Exception {
        plugin.kinds = EnumSet.of(EventKind.START_CONTAINER, EventKind.UPDATE_POD_SANDBOX);
        FakeRuntime runtime = start(Knobs.OLD);
        try (Link link = runtime.accept()) {
            link.register();
            assertThat(link.configure("").getEvents()).isEqualTo(0x20);
            plugin.kinds = Set.of(EventKind.UPDATE_POD_SANDBOX);
        }
        try (Link link = runtime.accept()) {
            link.register();
            Reply reply = link.call("Configure", link.configureRequest(""));
            assertThat(reply.ok()).isFalse();
            link.awaitClosed();
        }
    }

    @Test
    @DisplayName("item 56: Shutdown is answered OK and changes nothing")
    void shutdown() throws Exception {
        FakeRuntime runtime = start(Knobs.OLD);
        try (Link link = runtime.acceptReady()) {
            assertThat(link.call("Shutdown", Empty.getDefaultInstance())).isEqualTo(new Reply(0, "", ByteString.EMPTY));
            assertThat(start(link, "c").ok()).isTrue();
        }
    }

    @Test
    @DisplayName("close ends a link with a busy handler at once")
    void closeWhileBusy() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(1);
        plugin.onEvent = (event, budget) -> {
            busy.countDown();
            go.await();
        };
        FakeRuntime runtime = start(Knobs.NEW);
        try (Link link = runtime.acceptReady()) {
            link.sendEvent(Event.START_CONTAINER, Samples.pod("p"), Samples.container("c", "p"));
            busy.await();
            runner.close();
            assertThat(runner.state()).isEqualTo(NriState.CLOSED);
            link.awaitClosed();
            go.countDown();
        }
    }

    @Test
    @DisplayName("after a reconnect no method is called while one of the lost link still runs")
    void neverConcurrent() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(1);
        plugin.onEvent = (event, budget) -> {
            busy.countDown();
            go.await();
        };
        FakeRuntime runtime = start(Knobs.NEW);
        try (Link link = runtime.acceptReady()) {
            link.sendEvent(Event.START_CONTAINER, Samples.pod("p"), Samples.container("c", "p"));
            busy.await();
        }
        Recorder.next(plugin.nodes);
        try (Link link = runtime.accept()) {
            link.register();
            long id = link.send("Configure", link.configureRequest("second"));
            Thread.sleep(100);
            assertThat(plugin.configs).containsExactly("");
            go.countDown();
            assertThat(link.receive(id).ok()).isTrue();
            assertThat(plugin.configs).containsExactly("", "second");
        }
    }
}
