package io.bpfguard.nri;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps a plugin linked to the runtime: connects, registers, serves, and begins again with growing waits whenever the link is
/// lost, until it is closed. All methods may be called from any thread.
public final class NriRunner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NriRunner.class);

    private final NriPlugin plugin;
    private final TrunkConnector connector;
    private final NriOptions options;
    private final SerialHandler handler = new SerialHandler();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by the lock.
    private NriState state = NriState.DISCONNECTED;
    private NriSession current;
    private long connections;
    private String lastTrouble = "";

    private NriRunner(NriPlugin plugin, TrunkConnector connector, NriOptions options) {
        this.plugin = requireNonNull(plugin, "plugin is null");
        this.connector = requireNonNull(connector, "connector is null");
        this.options = requireNonNull(options, "options is null");
        this.thread = Thread.ofVirtual().name("nri-runner").unstarted(this::run);
    }

    /// Starts to connect, on a thread of its own.
    public static NriRunner start(NriPlugin plugin, TrunkConnector connector, NriOptions options) {
        NriRunner runner = new NriRunner(plugin, connector, options);
        runner.thread.start();
        return runner;
    }

    /// Where the link stands now.
    public NriState state() {
        lock.lock();
        try {
            return state;
        } finally {
            lock.unlock();
        }
    }

    /// How many links were opened so far.
    public long connections() {
        lock.lock();
        try {
            return connections;
        } finally {
            lock.unlock();
        }
    }

    /// Why the last link was lost or could not be opened; empty if there was no trouble yet.
    public String lastTrouble() {
        lock.lock();
        try {
            return lastTrouble;
        } finally {
            lock.unlock();
        }
    }

    /// Waits for a state.
    ///
    /// @return false if the time was over, or if the state cannot come any more because the runner is closed
    public boolean awaitState(NriState wanted, Duration time) throws InterruptedException {
        lock.lock();
        try {
            long left = time.toNanos();
            while (state != wanted) {
                if (left <= 0 || state == NriState.CLOSED) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Ends the link and the runner, and waits for its thread, a few milliseconds. A plugin method that is running is not
    /// stopped and not waited for. Idempotent.
    @Override
    public void close() {
        closing.countDown();
        lock.lock();
        try {
            if (current != null) {
                current.close();
            }
        } finally {
            lock.unlock();
        }
        // Only a connect that waits for a place in the runtime's queue needs the interrupt.
        thread.interrupt();
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        Backoff backoff = new Backoff(options.firstBackoff(), options.maxBackoff(), RandomGenerator.getDefault());
        try {
            boolean again;
            do {
                try {
                    link(connector.connect(), backoff);
                } catch (IOException e) {
                    trouble(e.getMessage());
                } catch (RuntimeException | Error e) {
                    LOG.error("unexpected failure; trying again", e);
                    trouble(e.toString());
                }
                again = connector.reusable() && !closing.await(backoff.next().toNanos(), TimeUnit.NANOSECONDS);
            } while (again);
        } catch (InterruptedException e) {
            LOG.debug("interrupted, which ends the runner");
        } finally {
            move(null, NriState.CLOSED);
        }
    }

    /// One link, to its end.
    private void link(ByteChannel trunk, Backoff backoff) throws InterruptedException {
        NriSession session = new NriSession(trunk, plugin, options, handler, this::progress);
        adopt(session);
        try {
            String reason = session.run();
            if (session.lasted(options.maxBackoff())) {
                backoff.reset();
            }
            trouble(reason);
        } finally {
            session.close();
            move(null, NriState.DISCONNECTED);
        }
    }

    private void adopt(NriSession session) {
        lock.lock();
        try {
            current = session;
            connections++;
            if (closing.getCount() == 0) {
                session.close();
            }
        } finally {
            lock.unlock();
        }
    }

    /// A session's progress counts only while it is the current one.
    private void progress(NriSession session, NriState next) {
        lock.lock();
        try {
            if (current == session && session.isOpen()) {
                move(session, next);
            }
        } finally {
            lock.unlock();
        }
    }

    private void move(NriSession session, NriState next) {
        lock.lock();
        try {
            current = session;
            if (state == next) {
                return;
            }
            state = next;
            changed.signalAll();
            plugin.stateChanged(next);
        } catch (RuntimeException e) {
            LOG.error("the plugin's stateChanged({}) threw", next, e);
        } finally {
            lock.unlock();
        }
    }

    /// Logs a reason once, however often it repeats.
    private void trouble(String reason) {
        if (closing.getCount() == 0) {
            return;
        }
        lock.lock();
        try {
            if (reason.equals(lastTrouble)) {
                LOG.debug("no link to the runtime: {}", reason);
            } else {
                LOG.warn("no link to the runtime: {}; trying again", reason);
            }
            lastTrouble = reason;
        } finally {
            lock.unlock();
        }
    }
}
