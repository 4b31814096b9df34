package io.bpfguard.nri;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A plugin that writes down what it is told, and does what a test tells it to do with an event.
class Recorder implements NriPlugin {
    interface OnEvent {
        void accept(NriEvent event, Budget budget) throws Exception;
    }

    interface OnSynchronize {
        void accept(NodeState state, Budget budget) throws Exception;
    }

    final BlockingQueue<NriEvent> events = new LinkedBlockingQueue<>();
    final BlockingQueue<NodeState> nodes = new LinkedBlockingQueue<>();
    final BlockingQueue<RuntimeInfo> runtimes = new LinkedBlockingQueue<>();
    final List<String> configs = new CopyOnWriteArrayList<>();
    final List<NriState> states = new CopyOnWriteArrayList<>();
    volatile Set<EventKind> kinds = EnumSet.allOf(EventKind.class);
    volatile OnEvent onEvent = (event, budget) -> {};
    volatile OnSynchronize onSynchronize = (state, budget) -> {};

    @Override
    public Set<EventKind> events() {
        return kinds;
    }

    @Override
    public void configure(RuntimeInfo runtime, String config, Budget budget) {
        configs.add(config);
        runtimes.add(runtime);
    }

    @Override
    public void synchronize(NodeState state, Budget budget) throws Exception {
        nodes.add(state);
        onSynchronize.accept(state, budget);
    }

    @Override
    public void event(NriEvent event, Budget budget) throws Exception {
        events.add(event);
        onEvent.accept(event, budget);
    }

    @Override
    public void stateChanged(NriState state) {
        states.add(state);
    }

    static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(Duration.ofSeconds(30).toMillis(), TimeUnit.MILLISECONDS);
        if (next == null) {
            throw new AssertionError("nothing came within 30 s");
        }
        return next;
    }
}
