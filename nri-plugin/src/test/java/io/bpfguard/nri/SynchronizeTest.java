package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.bpfguard.nri.FakeRuntime.Knobs;
import io.bpfguard.nri.FakeRuntime.Link;
import io.bpfguard.nri.FakeRuntime.Reply;
import io.bpfguard.nri.proto.Event;
import io.bpfguard.nri.proto.PodSandbox;
import io.bpfguard.nri.proto.SynchronizeRequest;
import io.bpfguard.nri.proto.SynchronizeResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The node's state, whole and in parts.
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SynchronizeTest extends WithRuntime {
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
}
