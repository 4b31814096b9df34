package io.bpfguard.nri;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.nri.proto.ConfigureRequest;
import io.bpfguard.nri.proto.Empty;
import io.bpfguard.nri.proto.RegisterPluginRequest;
import io.bpfguard.nri.proto.RuntimeGrpc;
import io.bpfguard.nri.proto.StateChangeEvent;
import io.bpfguard.ttrpc.SocketPair;
import io.bpfguard.ttrpc.StallWatch;
import io.bpfguard.ttrpc.TtrpcChannel;
import io.bpfguard.ttrpc.TtrpcLimits;
import io.bpfguard.ttrpc.TtrpcServer;
import io.bpfguard.ttrpc.proto.Request;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The bytes of the Go implementation against ours, in both directions, through all layers.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GoldenTest {
    private static final int HEADER = 10;

    private final Properties golden = new Properties();
    private SocketPair pair;
    private Mux mux;

    @BeforeEach
    void open() throws IOException {
        try (InputStream in = GoldenTest.class.getResourceAsStream("golden.properties")) {
            golden.load(in);
        }
        pair = SocketPair.open();
        mux = new Mux(pair.ours(), 1 << 20, 1 << 20, new StallWatch(Duration.ofSeconds(10)), cause -> {});
    }

    @AfterEach
    void close() throws IOException {
        mux.close();
        pair.close();
    }

    private byte[] bytes(String name) {
        return HexFormat.of().parseHex(golden.getProperty(name).replaceAll("[\\s|]", ""));
    }

    private byte[] read(int length) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(length);
        while (b.hasRemaining() && pair.theirs().read(b) >= 0) {
            // More to come.
        }
        return b.array();
    }

    private void write(byte[] bytes) throws IOException {
        SocketChannel peer = pair.theirs();
        ByteBuffer b = ByteBuffer.wrap(bytes);
        while (b.hasRemaining()) {
            peer.write(b);
        }
    }

    /// Puts a ttrpc frame on connection 1.
    private void call(byte[] frame) throws IOException {
        write(ByteBuffer.allocate(8).putInt(1).putInt(frame.length).array());
        write(frame);
    }

    private void serve(BindableService service) {
        TtrpcServer.of(TtrpcLimits.DEFAULT, service).serve(mux.open(1), cause -> {});
        mux.start();
    }

    private PluginService plugin(NriPlugin plugin) {
        return new PluginService(plugin, NriOptions.of("raw", "10"), new SerialHandler(), new PluginService.Link() {
            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void configured() {}

            @Override
            public void synchronizedNow() {}

            @Override
            public void fail(String reason) {}
        });
    }

    @Test
    @DisplayName("item 2: RegisterPlugin and its reply, byte for byte")
    void register() throws Exception {
        TtrpcChannel channel = TtrpcChannel.over(mux.open(2), TtrpcLimits.DEFAULT);
        mux.start();
        CompletableFuture<Empty> reply = CompletableFuture.supplyAsync(
                () -> RuntimeGrpc.newBlockingStub(channel)
                        .registerPlugin(RegisterPluginRequest.newBuilder().setPluginName("raw").setPluginIdx("10").build()),
                Thread::startVirtualThread);
        byte[] expected = bytes("register");
        assertThat(read(expected.length)).isEqualTo(expected);
        write(bytes("register.reply"));
        assertThat(reply.get()).isEqualTo(Empty.getDefaultInstance());
    }

    @Test
    @DisplayName("item 2: Configure is understood, and answered byte for byte")
    void configure() throws Exception {
        Recorder recorder = new Recorder();
        recorder.kinds = EnumSet.of(EventKind.CREATE_CONTAINER, EventKind.START_CONTAINER);
        serve(plugin(recorder));
        call(bytes("configure"));
        byte[] expected = bytes("configure.reply");
        assertThat(read(expected.length)).isEqualTo(expected);
        assertThat(recorder.runtimes.remove()).isEqualTo(new RuntimeInfo("containerd", "1.7.24", "", Duration.ZERO));
        assertThat(recorder.configs).containsExactly("");

        byte[] body = bytes("configure");
        Request request = Request.parseFrom(ByteBuffer.wrap(body, HEADER, body.length - HEADER));
        assertThat(request.getTimeoutNano()).isBetween(1_999_000_000L, 2_000_000_000L);
        assertThat(request.toByteArray()).isEqualTo(java.util.Arrays.copyOfRange(body, HEADER, body.length));
        assertThat(ConfigureRequest.parseFrom(request.getPayload()).toByteString()).isEqualTo(request.getPayload());
    }

    @Test
    @DisplayName("item 2: a StateChange is understood, and the message comes out again byte for byte")
    void stateChange() throws Exception {
        Recorder recorder = new Recorder();
        serve(plugin(recorder));
        call(bytes("start"));
        assertThat(read(18)).isEqualTo(HexFormat.of().parseHex("00000001" + "0000000a" + "00000000" + "00000007" + "0200"));
        NriEvent.StartContainer event = (NriEvent.StartContainer) recorder.events.remove();
        assertThat(event.pod().id()).isEqualTo("p1");
        assertThat(event.pod().name()).isEqualTo("pod");
        assertThat(event.container().id()).isEqualTo("c0");
        assertThat(event.container().podId()).isEqualTo("p1");
        assertThat(event.container().name()).isEqualTo("ctr");

        byte[] body = bytes("start");
        Request request = Request.parseFrom(ByteBuffer.wrap(body, HEADER, body.length - HEADER));
        assertThat(StateChangeEvent.parseFrom(request.getPayload()).toByteString()).isEqualTo(request.getPayload());
    }

    @Test
    @DisplayName("item 2: a rejection on stream 5, byte for byte")
    void rejection() throws Exception {
        Recorder recorder = new Recorder();
        recorder.onEvent = (event, budget) -> {
            throw new NriRejection("policy says no");
        };
        serve(plugin(recorder));
        byte[] request = bytes("start");
        request[7] = 5;
        call(request);
        byte[] expected = bytes("rejection");
        assertThat(read(expected.length)).isEqualTo(expected);
    }

    @Test
    @DisplayName("item 2: UNIMPLEMENTED, byte for byte")
    void unimplemented() throws Exception {
        serve(() -> ServerServiceDefinition.builder("nri.pkg.api.v1alpha1.Plugin").build());
        byte[] request = Request.newBuilder()
                .setService("nri.pkg.api.v1alpha1.Plugin")
                .setMethod("PostStartContainer")
                .build()
                .toByteArray();
        call(ByteBuffer.allocate(HEADER + request.length).putInt(request.length).putInt(1).put((byte) 1).put((byte) 0).put(request).array());
        byte[] expected = bytes("unimplemented");
        assertThat(read(expected.length)).isEqualTo(expected);
    }
}
