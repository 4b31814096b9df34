package io.bpfguard.nri;

import io.bpfguard.nri.proto.RegisterPluginRequest;
import io.bpfguard.nri.proto.RuntimeGrpc;
import io.bpfguard.ttrpc.StallWatch;
import io.bpfguard.ttrpc.TtrpcChannel;
import io.bpfguard.ttrpc.TtrpcServer;
import io.grpc.StatusRuntimeException;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One link to the runtime, from the first byte to the last: registers, then watches until it ends. Owns the trunk.
///
/// Three watchdogs end a link that looks alive and is not: no node state within the time allowed, a message that began and does
/// not end, a node state that could not be taken over.
final class NriSession implements PluginService.Link, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NriSession.class);
    private static final long NEVER = Long.MIN_VALUE;

    private final NriPlugin plugin;
    private final NriOptions options;
    private final SerialHandler handler;
    private final BiConsumer<NriSession, NriState> states;
    private final Mux mux;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicReference<String> reason = new AtomicReference<>();
    private volatile long synchronizedAt = NEVER;

    NriSession(
            ByteChannel trunk,
            NriPlugin plugin,
            NriOptions options,
            SerialHandler handler,
            BiConsumer<NriSession, NriState> states) {
        this.plugin = plugin;
        this.options = options;
        this.handler = handler;
        this.states = states;
        int maxReceive = options.limits().maxReceiveBytes();
        this.mux = new Mux(
                trunk, maxReceive, 2L * maxReceive, new StallWatch(options.limits().stallTimeout()), cause -> fail(cause.getMessage()));
    }

    /// Registers and stays until the link has ended.
    ///
    /// @return why it ended
    String run() throws InterruptedException {
        try (mux) {
            // Both ends are ready before the first byte: the runtime may configure us before it answers the registration.
            TtrpcServer.of(options.limits(), new PluginService(plugin, options, handler, this))
                    .serve(mux.open(Mux.PLUGIN_SERVICE), cause -> fail(cause.getMessage()));
            TtrpcChannel runtime = TtrpcChannel.over(mux.open(Mux.RUNTIME_SERVICE), options.limits());
            mux.start();
            states.accept(this, NriState.REGISTERING);
            register(runtime);
            watch();
        }
        return reason.get();
    }

    private void register(TtrpcChannel runtime) {
        RegisterPluginRequest request = RegisterPluginRequest.newBuilder()
                .setPluginName(options.pluginName())
                .setPluginIdx(options.pluginIndex())
                .build();
        try {
            RuntimeGrpc.newBlockingStub(runtime)
                    .withDeadlineAfter(options.registerTimeout().toNanos(), TimeUnit.NANOSECONDS)
                    .registerPlugin(request);
            LOG.info("registered with the runtime as {}-{}", options.pluginIndex(), options.pluginName());
        } catch (StatusRuntimeException e) {
            // The runtime leaves the link of a plugin open that it refused: closing it is our part.
            fail("the runtime did not register the plugin: " + e.getStatus().getDescription());
        }
    }

    private void watch() throws InterruptedException {
        long registeredAt = System.nanoTime();
        long syncNanos = options.synchronizeTimeout().toNanos();
        long poll = Math.min(new StallWatch(options.limits().stallTimeout()).pollInterval().toNanos(), Math.max(1_000_000, syncNanos / 4));
        while (!ended.await(poll, TimeUnit.NANOSECONDS)) {
            if (mux.stalled()) {
                fail("a message from the runtime began and did not end");
            } else if (synchronizedAt == NEVER && System.nanoTime() - registeredAt > syncNanos) {
                fail("registered, but the runtime did not tell the node's state within %d s"
                        .formatted(options.synchronizeTimeout().toSeconds()));
            }
        }
    }

    /// Whether the link was synchronized for at least this long.
    boolean lasted(Duration time) {
        long since = synchronizedAt;
        return since != NEVER && System.nanoTime() - since >= time.toNanos();
    }

    @Override
    public boolean isOpen() {
        return ended.getCount() > 0;
    }

    @Override
    public void configured() {
        states.accept(this, NriState.CONFIGURED);
    }

    @Override
    public void synchronizedNow() {
        synchronizedAt = System.nanoTime();
        states.accept(this, NriState.SYNCHRONIZED);
    }

    @Override
    public void fail(String why) {
        reason.compareAndSet(null, why);
        ended.countDown();
        mux.close();
    }

    /// Ends the link; [#run] returns soon after. Idempotent.
    @Override
    public void close() {
        fail("closed on this side");
    }
}
