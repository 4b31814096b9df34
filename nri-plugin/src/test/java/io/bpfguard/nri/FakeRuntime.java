package io.bpfguard.nri;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.bpfguard.nri.proto.*;
import io.bpfguard.ttrpc.Frame;
import io.bpfguard.ttrpc.proto.Request;
import io.bpfguard.ttrpc.proto.Response;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// containerd or CRI-O as a plugin sees them: listens on a real AF_UNIX socket and plays the calls in the runtime's order, step by
/// step under the control of a test.
public final class FakeRuntime implements AutoCloseable {
    /// How this runtime behaves.
    ///
    /// @param ownMethods true: NRI 0.12, every event is a method of its own; false: StateChange
    /// @param timeout    put into every request; zero for none
    /// @param syncChunk  objects per Synchronize message; 0 for all in one
    /// @param delay      before every request
    public record Knobs(
            String name, String version, String nriVersion, boolean ownMethods, GoMux.Split split, Duration timeout, int syncChunk,
            Duration delay) {
        public static final Knobs OLD = new Knobs(
                "containerd", "1.7.24", "", false, GoMux.Split.TWO_WRITES, Duration.ofSeconds(20), 0, Duration.ZERO);
        public static final Knobs NEW = new Knobs(
                "containerd", "2.3.0", "0.12.0", true, GoMux.Split.TWO_WRITES, Duration.ofSeconds(20), 0, Duration.ZERO);

        Knobs version(String runtime, String itsVersion, String nri) {
            return new Knobs(runtime, itsVersion, nri, ownMethods, split, timeout, syncChunk, delay);
        }

        Knobs split(GoMux.Split how) {
            return new Knobs(name, version, nriVersion, ownMethods, how, timeout, syncChunk, delay);
        }

        Knobs timeout(Duration time) {
            return new Knobs(name, version, nriVersion, ownMethods, split, time, syncChunk, delay);
        }

        Knobs chunk(int objects) {
            return new Knobs(name, version, nriVersion, ownMethods, split, timeout, objects, delay);
        }

        Knobs delay(Duration time) {
            return new Knobs(name, version, nriVersion, ownMethods, split, timeout, syncChunk, time);
        }
    }

    private final Path socket;
    private final Knobs knobs;
    private final ServerSocketChannel listener;

    private FakeRuntime(Path socket, Knobs knobs, ServerSocketChannel listener) {
        this.socket = socket;
        this.knobs = knobs;
        this.listener = listener;
    }

    public static FakeRuntime listen(Path socket, Knobs knobs) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        Files.deleteIfExists(socket);
        listener.bind(UnixDomainSocketAddress.of(socket));
        return new FakeRuntime(socket, knobs, listener);
    }

    /// Waits for a plugin to connect.
    Link accept() throws IOException {
        return new Link(listener.accept(), knobs);
    }

    /// Waits for a plugin and brings it to the point where events may flow.
    Link acceptReady(List<PodSandbox> pods, List<io.bpfguard.nri.proto.Container> containers) throws Exception {
        Link link = accept();
        link.register();
        link.configure("");
        link.synchronize(pods, containers);
        return link;
    }

    public Link acceptReady() throws Exception {
        return acceptReady(List.of(), List.of());
    }

    /// Stops to listen; the socket file stays, so that a connect is refused.
    void stop() throws IOException {
        listener.close();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        Files.deleteIfExists(socket);
    }

    /// What came back from a call to the plugin.
    public record Reply(int code, String text, ByteString payload) {
        public boolean ok() {
            return code == 0;
        }
    }

    /// One connected plugin.
    public static final class Link implements AutoCloseable {
        final GoMux mux;
        private final Knobs knobs;
        private long nextId = 1;

        Link(ByteChannel trunk, Knobs knobs) {
            this.mux = new GoMux(trunk, knobs.split());
            this.knobs = knobs;
        }

        // ---- as a server, on connection 2 ------------------------------------------------------------------------

        private long registerStream;

        RegisterPluginRequest readRegister() throws Exception {
            Frame frame = mux.next(2);
            if (frame == null) {
                throw new IOException("the plugin closed before it registered; " + mux.violations());
            }
            Request request = Request.parseFrom(frame.data());
            if (!request.getService().equals("nri.pkg.api.v1alpha1.Runtime") || !request.getMethod().equals("RegisterPlugin")) {
                throw new AssertionError("expected RegisterPlugin, got " + request);
            }
            registerStream = frame.streamId();
            return RegisterPluginRequest.parseFrom(request.getPayload());
        }

        void acceptRegister() throws IOException {
            mux.send(2, new Frame(registerStream, Frame.RESPONSE, 0, ByteString.EMPTY));
        }

        void refuseRegister(String text) throws IOException {
            Response response = Response.newBuilder()
                    .setStatus(com.google.rpc.Status.newBuilder().setCode(2).setMessage(text))
                    .build();
            mux.send(2, new Frame(registerStream, Frame.RESPONSE, 0, response.toByteString()));
        }

        RegisterPluginRequest register() throws Exception {
            RegisterPluginRequest request = readRegister();
            acceptRegister();
            return request;
        }

        // ---- as a client, on connection 1 ------------------------------------------------------------------------

        long send(String method, Message message) throws Exception {
            Thread.sleep(knobs.delay());
            long id = nextId;
            nextId += 2;
            Request request = Request.newBuilder()
                    .setService("nri.pkg.api.v1alpha1.Plugin")
                    .setMethod(method)
                    .setPayload(message.toByteString())
                    .setTimeoutNano(knobs.timeout().toNanos())
                    .build();
            mux.send(1, new Frame(id, Frame.REQUEST, 0, request.toByteString()));
            return id;
        }

        Reply receive(long id) throws Exception {
            Frame frame = mux.next(1);
            if (frame == null) {
                throw new IOException("the plugin closed the link; " + mux.violations());
            }
            if (frame.streamId() != id || frame.type() != Frame.RESPONSE) {
                throw new AssertionError("expected a response on stream %d, got %s".formatted(id, frame));
            }
            Response response = Response.parseFrom(frame.data());
            return new Reply(response.getStatus().getCode(), response.getStatus().getMessage(), response.getPayload());
        }

        Reply call(String method, Message message) throws Exception {
            return receive(send(method, message));
        }

        ConfigureResponse configure(String config) throws Exception {
            Reply reply = call("Configure", configureRequest(config));
            if (!reply.ok()) {
                throw new IOException("Configure failed: " + reply);
            }
            return ConfigureResponse.parseFrom(reply.payload());
        }

        ConfigureRequest configureRequest(String config) {
            return ConfigureRequest.newBuilder()
                    .setConfig(config)
                    .setRuntimeName(knobs.name())
                    .setRuntimeVersion(knobs.version())
                    .setNriVersion(knobs.nriVersion())
                    .build();
        }

        /// Sends containers before pods when it has to split, as real runtimes may.
        void synchronize(List<PodSandbox> pods, List<io.bpfguard.nri.proto.Container> containers) throws Exception {
            int chunk = knobs.syncChunk() == 0 ? Integer.MAX_VALUE : knobs.syncChunk();
            int c = 0;
            int p = 0;
            boolean more;
            do {
                SynchronizeRequest.Builder part = SynchronizeRequest.newBuilder();
                for (int n = 0; n < chunk && c < containers.size(); n++) {
                    part.addContainers(containers.get(c++));
                }
                for (int n = part.getContainersCount(); n < chunk && p < pods.size(); n++) {
                    part.addPods(pods.get(p++));
                }
                more = c < containers.size() || p < pods.size();
                Reply reply = call("Synchronize", part.setMore(more).build());
                if (!reply.ok()) {
                    throw new IOException("Synchronize failed: " + reply);
                }
                SynchronizeResponse response = SynchronizeResponse.parseFrom(reply.payload());
                if (response.getMore() != more || response.getUpdateCount() > 0) {
                    throw new IOException("plugin does not handle split sync requests: " + response);
                }
            } while (more);
        }

        /// Sends an event in the form that this runtime uses.
        public Reply event(Event event, PodSandbox pod, io.bpfguard.nri.proto.Container container) throws Exception {
            return receive(sendEvent(event, pod, container));
        }

        long sendEvent(Event event, PodSandbox pod, io.bpfguard.nri.proto.Container container) throws Exception {
            boolean alwaysOwn = event == Event.CREATE_CONTAINER || event == Event.UPDATE_CONTAINER || event == Event.STOP_CONTAINER
                    || event == Event.UPDATE_POD_SANDBOX;
            if (!knobs.ownMethods() && !alwaysOwn) {
                StateChangeEvent.Builder change = StateChangeEvent.newBuilder().setEvent(event).setPod(pod);
                if (container != null) {
                    change.setContainer(container);
                }
                return send("StateChange", change.build());
            }
            return send(camelCase(event.name()), ownRequest(event, pod, container));
        }

        /// Every request of an event has pod = 1 and, for containers, container = 2.
        private static Message ownRequest(Event event, PodSandbox pod, io.bpfguard.nri.proto.Container container) {
            return container == null
                    ? RunPodSandboxRequest.newBuilder().setPod(pod).build()
                    : StartContainerRequest.newBuilder().setPod(pod).setContainer(container).build();
        }

        private static String camelCase(String name) {
            StringBuilder result = new StringBuilder();
            for (String word : name.split("_")) {
                result.append(word.charAt(0)).append(word.substring(1).toLowerCase(java.util.Locale.ROOT));
            }
            return result.toString();
        }

        /// Waits until the plugin has closed the link.
        void awaitClosed() throws InterruptedException {
            while (mux.next(2) != null) {
                // A frame that nobody wants.
            }
        }

        @Override
        public void close() {
            mux.close();
        }
    }
}
