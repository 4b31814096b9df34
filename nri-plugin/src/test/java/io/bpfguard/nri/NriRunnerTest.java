package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.bpfguard.nri.FakeRuntime.Knobs;
import io.bpfguard.nri.FakeRuntime.Link;
import io.bpfguard.nri.FakeRuntime.Reply;
import io.bpfguard.nri.proto.Empty;
import io.bpfguard.nri.proto.Event;
import io.bpfguard.nri.proto.PluginGrpc;
import io.bpfguard.nri.proto.PodSandbox;
import io.bpfguard.nri.proto.StateChangeEvent;
import io.bpfguard.nri.proto.SynchronizeRequest;
import io.bpfguard.nri.proto.SynchronizeResponse;
import io.bpfguard.ttrpc.Frame;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A plugin against a runtime, over a real socket.
@Timeout(90)
class NriRunnerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final NriOptions OPTIONS =
            NriOptions.of("bpfguard", "10").withBackoff(Duration.ofMillis(5), Duration.ofMillis(50));

    @TempDir
    Path directory;

    private final Recorder plugin = new Recorder();
    private final List<AutoCloseable> open = new ArrayList<>();
    private NriRunner runner;

    private FakeRuntime runtime(Knobs knobs) throws IOException {
        FakeRuntime runtime = FakeRuntime.listen(directory.resolve("nri.sock"), knobs);
        open.add(runtime);
        return runtime;
    }

    private FakeRuntime start(Knobs knobs, NriOptions options) throws IOException {
        FakeRuntime runtime = runtime(knobs);
        runner = NriRunner.start(plugin, new UnixSocketConnector(directory.resolve("nri.sock")), options);
        open.add(runner);
        return runtime;
    }

    private FakeRuntime start(Knobs knobs) throws IOException {
        return start(knobs, OPTIONS);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : open.reversed()) {
            closeable.close();
        }
    }

    private static Reply start(Link link, String id) throws Exception {
        return link.event(Event.START_CONTAINER, Samples.pod("p"), Samples.container(id, "p"));
    }

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

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 7, 100})
    @DisplayName("items 45 and 46: Synchronize in one or many parts, containers before pods, more=true answered without updates")
    void synchronizeInParts(int chunk) throws Exception {
        List<PodSandbox> pods = IntStream.range(0, 5).mapToObj(i -> Samples.pod("p" + i)).toList();
        List<io.bpfguard.nri.proto.Container> containers =
                IntStream.range(0, 9).mapToObj(i -> Samples.container("c" + i, "p" + i % 6)).toList();
        FakeRuntime runtime = start(Knobs.OLD.chunk(chunk));
        // The fake runtime checks the answer to each part.
        try (Link link = runtime.acceptReady(pods, containers)) {
            NodeState state = Recorder.next(plugin.nodes);
            assertThat(state.pods().keySet()).containsExactlyInAnyOrder("p0", "p1", "p2", "p3", "p4");
            assertThat(state.containers()).hasSize(9);
            for (Container container : state.containers()) {
                assertThat(state.podOf(container).map(Pod::id))
                        .isEqualTo(container.podId().equals("p5") ? java.util.Optional.empty() : java.util.Optional.of(container.podId()));
            }
            assertThat(plugin.nodes).isEmpty();
            assertThat(link.mux.violations()).isEmpty();
        }
    }

    @Test
    @DisplayName("item 45: an empty Synchronize, and one of 5 MB in one message")
    void synchronizeSizes() throws Exception {
        FakeRuntime runtime = start(Knobs.OLD);
        runtime.acceptReady().close();
        assertThat(Recorder.next(plugin.nodes)).isEqualTo(new NodeState(Map.of(), List.of()));
        List<io.bpfguard.nri.proto.Container> many = IntStream.range(0, 5000)
                .mapToObj(i -> Samples.container("c" + i, "p").toBuilder().putAnnotations("big", "x".repeat(1000)).build())
                .toList();
        assertThat(SynchronizeRequest.newBuilder().addAllContainers(many).build().getSerializedSize()).isGreaterThan(5_000_000);
        try (Link link = runtime.acceptReady(List.of(Samples.pod("p")), many)) {
            assertThat(Recorder.next(plugin.nodes).containers()).hasSize(5000);
            assertThat(start(link, "c").ok()).isTrue();
        }
    }

    @Test
    @DisplayName("item 45: unknown fields, 100 and above, are skipped")
    void unknownFields() throws Exception {
        UnknownFieldSet future = UnknownFieldSet.newBuilder()
                .addField(100, UnknownFieldSet.Field.newBuilder().addVarint(7).build())
                .addField(101, UnknownFieldSet.Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8("new")).build())
                .addField(536870911, UnknownFieldSet.Field.newBuilder().addFixed64(1).addFixed32(2).build())
                .build();
        FakeRuntime runtime = start(Knobs.OLD);
        try (Link link = runtime.accept()) {
            link.register();
            link.configure("");
            SynchronizeRequest request = SynchronizeRequest.newBuilder()
                    .addPods(Samples.pod("p").toBuilder().setUnknownFields(future))
                    .addContainers(Samples.container("c", "p").toBuilder().setUnknownFields(future))
                    .setUnknownFields(future)
                    .build();
            Reply reply = link.call("Synchronize", request);
            assertThat(SynchronizeResponse.parseFrom(reply.payload())).isEqualTo(SynchronizeResponse.getDefaultInstance());
            assertThat(Recorder.next(plugin.nodes))
                    .isEqualTo(NodeState.of(
                            List.of(Facts.pod(Samples.pod("p"))), List.of(Facts.container(Samples.container("c", "p")))));
        }
    }

    @Test
    @DisplayName("item 47: after a reconnect the second Synchronize is delivered, with nothing left of the first")
    void secondSynchronize() throws Exception {
        FakeRuntime runtime = start(Knobs.OLD);
        try (Link link = runtime.acceptReady(List.of(Samples.pod("a")), List.of(Samples.container("ca", "a")))) {
            assertThat(Recorder.next(plugin.nodes).pods()).containsOnlyKeys("a");
            // Half of a split Synchronize is lost with the link.
            link.call("Synchronize", SynchronizeRequest.newBuilder().addPods(Samples.pod("half")).setMore(true).build());
        }
        try (Link link = runtime.acceptReady(List.of(Samples.pod("b")), List.of())) {
            NodeState second = Recorder.next(plugin.nodes);
            assertThat(second.pods()).containsOnlyKeys("b");
            assertThat(second.containers()).isEmpty();
            assertThat(link.mux.violations()).isEmpty();
            assertThat(runner.connections()).isEqualTo(2);
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

    @Test
    @DisplayName("item 51: a slow Synchronize is answered in time, and events wait for its end")
    void slowSynchronize() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        plugin.onSynchronize = (state, budget) -> go.await();
        FakeRuntime runtime = start(Knobs.NEW.timeout(Duration.ofSeconds(2)));
        try (Link link = runtime.acceptReady()) {
            assertThat(runner.state()).isEqualTo(NriState.CONFIGURED);
            long id = link.sendEvent(Event.START_CONTAINER, Samples.pod("p"), Samples.container("c", "p"));
            assertThat(plugin.events).isEmpty();
            go.countDown();
            assertThat(link.receive(id).ok()).isTrue();
            assertThat(plugin.events).hasSize(1);
            assertThat(runner.state()).isEqualTo(NriState.SYNCHRONIZED);
        }
    }

    @Test
    @DisplayName("item 53: watchdog: registered but never synchronized, so we close and come back")
    void zombie() throws Exception {
        FakeRuntime runtime = start(Knobs.OLD, OPTIONS.withTimeouts(Duration.ofSeconds(30), Duration.ofMillis(100)));
        try (Link link = runtime.accept()) {
            link.register();
            link.configure("");
            link.awaitClosed();
            try (Link again = runtime.accept()) {
                assertThat(again.readRegister().getPluginName()).isEqualTo("bpfguard");
            }
            assertThat(plugin.nodes).isEmpty();
        }
    }

    @Test
    @DisplayName("item 53: watchdog: no answer to the registration, so we close and come back")
    void silentRuntime() throws Exception {
        FakeRuntime runtime = start(Knobs.OLD, OPTIONS.withTimeouts(Duration.ofMillis(100), Duration.ofSeconds(30)));
        try (Link link = runtime.accept()) {
            link.readRegister();
            link.awaitClosed();
            runtime.accept().close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("item 53: watchdog: a message of which half never comes, so we close and come back")
    void halfMessage(boolean cutInMux) throws Exception {
        FakeRuntime runtime = start(Knobs.OLD, OPTIONS.withLimits(OPTIONS.limits().withStallTimeout(Duration.ofMillis(200))));
        try (Link link = runtime.acceptReady()) {
            byte[] half = new byte[50];
            new Frame(21, Frame.REQUEST, 0, ByteString.copyFrom(new byte[90])).encode().get(half);
            link.mux.write(cutInMux ? GoMux.header(1, 100) : GoMux.muxFrame(1, half, 0, half.length));
            link.awaitClosed();
            runtime.accept().close();
        }
    }

    @Test
    @DisplayName("item 53: watchdog: a Synchronize that fails is answered with an error, and we close and come back")
    void failedSynchronize() throws Exception {
        plugin.onSynchronize = (state, budget) -> {
            throw new IllegalStateException("no bpffs");
        };
        FakeRuntime runtime = start(Knobs.OLD);
        try (Link link = runtime.accept()) {
            link.register();
            link.configure("");
            Reply reply = link.call("Synchronize", SynchronizeRequest.getDefaultInstance());
            assertThat(reply.code()).isEqualTo(2);
            assertThat(reply.text()).contains("no bpffs");
            link.awaitClosed();
        }
        plugin.onSynchronize = (state, budget) -> {};
        runtime.acceptReady().close();
    }

    @Test
    @DisplayName("item 53: watchdog: a Synchronize that fails after it was answered closes the link too")
    void failedSlowSynchronize() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        plugin.onSynchronize = (state, budget) -> {
            go.await();
            throw new IllegalStateException("no bpffs");
        };
        FakeRuntime runtime = start(Knobs.OLD.timeout(Duration.ofMillis(300)));
        try (Link link = runtime.acceptReady()) {
            go.countDown();
            link.awaitClosed();
            runtime.accept().close();
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
