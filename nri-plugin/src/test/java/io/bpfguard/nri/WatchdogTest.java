package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.bpfguard.nri.FakeRuntime.Knobs;
import io.bpfguard.nri.FakeRuntime.Link;
import io.bpfguard.nri.FakeRuntime.Reply;
import io.bpfguard.nri.proto.SynchronizeRequest;
import io.bpfguard.ttrpc.Frame;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Links that look alive and are not.
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WatchdogTest extends WithRuntime {
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
}
