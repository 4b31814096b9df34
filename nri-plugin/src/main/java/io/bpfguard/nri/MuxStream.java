package io.bpfguard.nri;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// One connection of a [Mux]: a queue of inbound pieces, and the mux for what goes out. One reader, many writers.
final class MuxStream implements ByteChannel {
    /// What a piece costs beside its bytes, so that a flood of one-byte frames is bounded too.
    private static final int PIECE_OVERHEAD_BYTES = 96;

    private final Mux mux;
    private final int id;
    private final long maxQueuedBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by the lock.
    private final ArrayDeque<ByteBuffer> queue = new ArrayDeque<>();
    private long queuedBytes;
    private boolean ended;

    MuxStream(Mux mux, int id, long maxQueuedBytes) {
        this.mux = mux;
        this.id = id;
        this.maxQueuedBytes = maxQueuedBytes;
    }

    /// Waits for bytes; -1 once the trunk has ended and the queue is empty.
    @Override
    public int read(ByteBuffer target) {
        lock.lock();
        try {
            while (queue.isEmpty() && !ended) {
                changed.awaitUninterruptibly();
            }
            if (queue.isEmpty()) {
                return -1;
            }
            int before = target.remaining();
            while (target.hasRemaining() && !queue.isEmpty()) {
                ByteBuffer piece = queue.element();
                int n = Math.min(piece.remaining(), target.remaining());
                target.put(piece.slice().limit(n));
                piece.position(piece.position() + n);
                if (!piece.hasRemaining()) {
                    queue.remove();
                    queuedBytes -= cost(piece);
                }
            }
            changed.signalAll();
            return before - target.remaining();
        } finally {
            lock.unlock();
        }
    }

    /// Takes a piece from the trunk; waits while the queue is full.
    void deliver(byte[] bytes) {
        ByteBuffer piece = ByteBuffer.wrap(bytes);
        lock.lock();
        try {
            while (queuedBytes >= maxQueuedBytes && !ended) {
                changed.awaitUninterruptibly();
            }
            if (!ended) {
                queue.add(piece);
                queuedBytes += cost(piece);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Sends the buffer as one message.
    @Override
    public int write(ByteBuffer message) throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        return mux.write(id, message);
    }

    @Override
    public boolean isOpen() {
        return mux.isOpen();
    }

    @Override
    public void close() {
        mux.close();
    }

    private static long cost(ByteBuffer piece) {
        return (long) piece.capacity() + PIECE_OVERHEAD_BYTES;
    }
}
