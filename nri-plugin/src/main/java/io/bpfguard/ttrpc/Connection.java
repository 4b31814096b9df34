package io.bpfguard.ttrpc;

import io.bpfguard.ttrpc.FrameReader.Incoming;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A byte channel with frames on it: one reader thread, one writer lock, one end. Owns the channel and its timer.
///
/// Every message leaves in a single `write` of its whole length, so that a channel can see where messages begin.
final class Connection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    /// What sits on the connection. All methods but [#closed] are called by the reader thread and must not wait.
    interface Receiver {
        void frame(Frame frame) throws IOException;

        void oversize(Incoming.Oversize oversize) throws IOException;

        /// Called exactly once, after the channel was closed.
        void closed(Throwable cause);
    }

    private final String name;
    private final ByteChannel channel;
    private final Receiver receiver;
    private final FrameReader reader;
    private final StallWatch stall;
    private final ReentrantLock writer = new ReentrantLock();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final ScheduledThreadPoolExecutor timer;

    Connection(String name, ByteChannel channel, TtrpcLimits limits, Receiver receiver) {
        this.name = name;
        this.channel = channel;
        this.receiver = receiver;
        this.stall = new StallWatch(limits.stallTimeout());
        this.reader = new FrameReader(channel, limits.maxReceiveBytes(), stall);
        this.timer = new ScheduledThreadPoolExecutor(1, Thread.ofVirtual().name(name + "-timer").factory());
        timer.setRemoveOnCancelPolicy(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /// Begins to read. Separate from construction, so that the receiver is complete before the first frame.
    void start() {
        long interval = stall.pollInterval().toNanos();
        timer.scheduleWithFixedDelay(this::checkStall, interval, interval, TimeUnit.NANOSECONDS);
        Thread.ofVirtual().name(name + "-reader").start(this::readAll);
    }

    /// Runs deadlines; its tasks must not wait. Rejects tasks once the connection is closed.
    ScheduledExecutorService timer() {
        return timer;
    }

    boolean isOpen() {
        return !closed.get();
    }

    void send(Frame frame) throws IOException {
        sendInOrder(() -> frame);
    }

    /// Builds a frame and sends it in one critical section: what the supplier numbers leaves in the order of the numbers.
    ///
    /// An interrupt of the calling thread is held back during the write, since it would close a socket channel.
    void sendInOrder(Supplier<Frame> supplier) throws IOException {
        writer.lock();
        boolean interrupted = Thread.interrupted();
        try {
            Frame frame = supplier.get();
            if (frame.type() == Frame.DATA) {
                throw new IllegalArgumentException(
                        "refusing to send a DATA frame: unary calls have none, and it can end the receiving process");
            }
            ByteBuffer bytes = frame.encode();
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            close(e);
            throw e;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            writer.unlock();
        }
    }

    @Override
    public void close() {
        close(new IOException("closed on this side"));
    }

    void close(Throwable cause) {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        LOG.debug("{} closes: {}", name, cause.toString());
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("{}: closing the channel failed: {}", name, e.toString());
        }
        timer.shutdownNow();
        receiver.closed(cause);
    }

    private void readAll() {
        try {
            Incoming incoming;
            while ((incoming = reader.next()) != null) {
                switch (incoming) {
                    case Incoming.Whole(Frame frame) -> receiver.frame(frame);
                    case Incoming.Oversize oversize -> receiver.oversize(oversize);
                }
            }
            close(new EOFException("the peer closed the connection"));
        } catch (IOException e) {
            close(e);
        } catch (RuntimeException | Error e) {
            LOG.error("{}: closing after an unexpected failure of the reader; please report it", name, e);
            close(e);
        }
    }

    private void checkStall() {
        if (stall.expired()) {
            close(new IOException("a message began and did not end in time: the peer hangs or lost its place in the stream"));
        }
    }
}
