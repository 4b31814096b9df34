package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.bpfguard.nri.FakeRuntime.Knobs;
import io.bpfguard.nri.FakeRuntime.Link;
import io.bpfguard.nri.FakeRuntime.Reply;
import io.bpfguard.nri.proto.Empty;
import io.bpfguard.nri.proto.Event;
import io.bpfguard.nri.proto.PluginGrpc;
import io.bpfguard.nri.proto.PodSandbox;
import io.bpfguard.nri.proto.StateChangeEvent;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Events, in all their forms, and the answers to them.
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EventsTest extends WithRuntime {
    static Stream<Event> events() {
        return Stream.of(Event.values())
                .filter(event -> event != Event.UNKNOWN && event != Event.UNRECOGNIZED && event != Event.VALIDATE_CONTAINER_ADJUSTMENT);
    }

    @ParameterizedTest
    @MethodSource("events")
    @DisplayName("item 43: StateChange and the event's own method give the same call of the plugin")
    void bothForms(Event event) throws Exception {
        boolean ofPod = event.name().endsWith("POD_SANDBOX");
        PodSandbox pod = Samples.pod("p");
        var container = ofPod ? null : Samples.container("c", "p");
        FakeRuntime runtime = start(Knobs.NEW);
        try (Link link = runtime.acceptReady()) {
            assertThat(link.event(event, pod, container)).isEqualTo(new Reply(0, "", ByteString.EMPTY));
            NriEvent own = plugin.events.remove();
            StateChangeEvent.Builder change = StateChangeEvent.newBuilder().setEvent(event).setPod(pod);
            if (container != null) {
                change.setContainer(container);
            }
            assertThat(link.call("StateChange", change.build())).isEqualTo(new Reply(0, "", ByteString.EMPTY));
            assertThat(plugin.events.remove()).isEqualTo(own);
            assertThat(own.kind().name()).isEqualTo(event.name());
            assertThat(own.pod()).isEqualTo(Facts.pod(pod));
            if (own instanceof NriEvent.ContainerEvent e) {
                assertThat(e.container()).isEqualTo(Facts.container(container));
            } else {
                assertThat(ofPod).isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 14, 15, 99, -1})
    @DisplayName("item 43: an event number that we do not know is answered OK, and the plugin is not called")
    void unknownEvent(int number) throws Exception {
        FakeRuntime runtime = start(Knobs.OLD);
        try (Link link = runtime.acceptReady()) {
            assertThat(link.call("StateChange", StateChangeEvent.newBuilder().setEventValue(number).build()).ok()).isTrue();
            assertThat(plugin.events).isEmpty();
        }
    }

    @Test
    @DisplayName("item 43: an event that was not subscribed to is answered OK, and the plugin is not called")
    void notSubscribed() throws Exception {
        plugin.kinds = Set.of(EventKind.CREATE_CONTAINER);
        FakeRuntime runtime = start(Knobs.OLD);
        try (Link link = runtime.acceptReady()) {
            assertThat(start(link, "c").ok()).isTrue();
            assertThat(plugin.events).isEmpty();
        }
    }

    @Test
    @DisplayName("item 44: every method of the protocol is served; UNIMPLEMENTED only for others")
    void unimplemented() throws Exception {
        FakeRuntime runtime = start(Knobs.NEW);
        try (Link link = runtime.acceptReady()) {
            List<String> methods =
                    PluginGrpc.getServiceDescriptor().getMethods().stream().map(MethodDescriptor::getBareMethodName).toList();
            assertThat(methods).hasSize(18);
            for (String method : methods) {
                if (!method.equals("Configure") && !method.equals("Synchronize")) {
                    assertThat(link.call(method, Empty.getDefaultInstance()).code()).as(method).isZero();
                }
            }
            Reply reply = link.call("FutureEvent", Empty.getDefaultInstance());
            assertThat(reply.code()).isEqualTo(12);
            assertThat(reply.text()).isEqualTo("method FutureEvent");
        }
    }

    @Test
    @DisplayName("item 48: events for unknown pods and containers, and with nothing but an id, or not even that")
    void sparseEvents() throws Exception {
        FakeRuntime runtime = start(Knobs.NEW);
        try (Link link = runtime.acceptReady()) {
            PodSandbox onlyId = PodSandbox.newBuilder().setId("gone").build();
            var container = io.bpfguard.nri.proto.Container.newBuilder().setId("c").build();
            assertThat(link.event(Event.STOP_POD_SANDBOX, onlyId, null).ok()).isTrue();
            Pod pod = plugin.events.remove().pod();
            assertThat(pod).isEqualTo(new Pod("gone", "", "", "", Map.of(), Map.of(), "", 0, "", "", List.of()));
            assertThat(link.event(Event.REMOVE_CONTAINER, onlyId, container).ok()).isTrue();
            assertThat(((NriEvent.RemoveContainer) plugin.events.remove()).container().id()).isEqualTo("c");
            assertThat(link.call("StopContainer", Empty.getDefaultInstance()).ok()).isTrue();
            assertThat(plugin.events.remove().pod().id()).isEmpty();
        }
    }

    @Test
    @DisplayName("item 49: STOP without START, REMOVE without STOP, STOP twice: each is delivered and answered OK")
    void oddOrder() throws Exception {
        FakeRuntime runtime = start(Knobs.OLD);
        try (Link link = runtime.acceptReady()) {
            for (Event event : List.of(Event.STOP_CONTAINER, Event.STOP_CONTAINER, Event.REMOVE_CONTAINER, Event.REMOVE_CONTAINER)) {
                assertThat(link.event(event, Samples.pod("p"), Samples.container("c", "p")).ok()).isTrue();
                assertThat(plugin.events.remove().kind().name()).isEqualTo(event.name());
            }
        }
    }

    @Test
    @DisplayName("item 50: pid 0 is delivered, with the cgroup path to go by; a pid is an unsigned number")
    void pidZero() throws Exception {
        FakeRuntime runtime = start(Knobs.OLD);
        try (Link link = runtime.acceptReady()) {
            var container = Samples.container("c", "p").toBuilder().setPid(0).build();
            link.event(Event.START_CONTAINER, Samples.pod("p"), container);
            Container seen = ((NriEvent.StartContainer) plugin.events.remove()).container();
            assertThat(seen.pid()).isZero();
            assertThat(seen.cgroupsPath()).isEqualTo("kubepods.slice:cri-containerd:c");
            link.event(Event.START_CONTAINER, Samples.pod("p"), container.toBuilder().setPid(-1).build());
            assertThat(((NriEvent.StartContainer) plugin.events.remove()).container().pid()).isEqualTo(0xffff_ffffL);
        }
    }

    @Test
    @DisplayName("a rejection reaches the runtime with its text; any other failure is an error too; the link stays")
    void rejection() throws Exception {
        FakeRuntime runtime = start(Knobs.NEW);
        try (Link link = runtime.acceptReady()) {
            plugin.onEvent = (event, budget) -> {
                throw new NriRejection("policy says no");
            };
            assertThat(start(link, "c")).isEqualTo(new Reply(2, "policy says no", ByteString.EMPTY));
            plugin.onEvent = (event, budget) -> {
                throw new IllegalStateException("map full");
            };
            Reply failed = start(link, "c");
            assertThat(failed.code()).isEqualTo(2);
            assertThat(failed.text()).contains("START_CONTAINER").contains("container=c").contains("map full");
            plugin.onEvent = (event, budget) -> {
                throw new StackOverflowError();
            };
            assertThat(start(link, "c").code()).isEqualTo(2);
            plugin.onEvent = (event, budget) -> {};
            assertThat(start(link, "c").ok()).isTrue();
        }
    }

    @Test
    @DisplayName("item 32: an error with a long text is sent so that the Go reader can take it")
    void longError() throws Exception {
        plugin.onEvent = (event, budget) -> {
            throw new NriRejection("x".repeat(9000));
        };
        FakeRuntime runtime = start(Knobs.OLD);
        try (Link link = runtime.acceptReady()) {
            Reply reply = start(link, "c");
            assertThat(reply.text()).hasSize(9000);
            assertThat(link.mux.violations()).isEmpty();
            assertThat(link.mux.frameLengths(1)).contains(4096).anyMatch(length -> length > 4096);
        }
    }

    @Test
    @DisplayName("item 51: a handler that is too slow is answered with an error before the timeout, and the link stays")
    void budget() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        List<Duration> budgets = new ArrayList<>();
        plugin.onEvent = (event, budget) -> {
            budgets.add(budget.remaining());
            go.await();
        };
        Duration timeout = Duration.ofSeconds(3);
        FakeRuntime runtime = start(Knobs.NEW.timeout(timeout));
        try (Link link = runtime.acceptReady()) {
            long before = System.nanoTime();
            Reply late = start(link, "slow");
            Duration took = Duration.ofNanos(System.nanoTime() - before);
            assertThat(late.code()).isEqualTo(10);
            assertThat(took).isBetween(timeout.dividedBy(2), timeout.minusMillis(100));
            assertThat(budgets.getFirst()).isPositive().isLessThanOrEqualTo(timeout.multipliedBy(7).dividedBy(10));

            // The handler is still busy: the next event is refused and never reaches it.
            Reply busy = start(link, "next");
            assertThat(busy.code()).isEqualTo(10);
            assertThat(busy.text()).contains("busy");
            go.countDown();
            plugin.onEvent = (event, budget) -> {};
            assertThat(start(link, "third").ok()).isTrue();
            assertThat(plugin.events.stream().map(e -> ((NriEvent.StartContainer) e).container().id())).containsExactly("slow", "third");
        }
    }

    @Test
    @DisplayName("item 51: without timeout_nano the runtime's announced or our own default counts")
    void defaultBudget() throws Exception {
        NriOptions options = OPTIONS.withAnswerFraction(0.5);
        List<Duration> budgets = new ArrayList<>();
        plugin.onEvent = (event, budget) -> budgets.add(budget.remaining());
        FakeRuntime runtime = start(Knobs.NEW.timeout(Duration.ZERO), options);
        try (Link link = runtime.acceptReady()) {
            start(link, "c");
            assertThat(budgets.removeFirst()).isBetween(Duration.ofMillis(1), Duration.ofSeconds(1));
            link.call("Configure", link.configureRequest("").toBuilder().setRequestTimeout(60_000).build());
            start(link, "c");
            assertThat(budgets.removeFirst()).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(30));
        }
    }
}
