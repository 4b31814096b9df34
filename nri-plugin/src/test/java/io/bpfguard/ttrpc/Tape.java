package io.bpfguard.ttrpc;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A channel in memory: reads come from given bytes, writes are kept. It measures what its reader allocates between two reads.
public final class Tape implements ByteChannel {
    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();

    private final ByteBuffer in;
    private final boolean endAtOnce;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private boolean closed;
    private long allocated = -1;
    private long mostAllocated;

    /// @param endAtOnce whether the end of the bytes is the end of the stream; otherwise the reader waits until [#close()]
    public Tape(byte[] bytes, boolean endAtOnce) {
        this.in = ByteBuffer.wrap(bytes);
        this.endAtOnce = endAtOnce;
    }

    @Override
    public int read(ByteBuffer target) {
        measure();
        lock.lock();
        try {
            while (!in.hasRemaining() && !endAtOnce && !closed) {
                changed.awaitUninterruptibly();
            }
            if (closed || !in.hasRemaining()) {
                return -1;
            }
            int n = Math.min(in.remaining(), target.remaining());
            target.put(in.slice().limit(n));
            in.position(in.position() + n);
            return n;
        } finally {
            lock.unlock();
            allocated = now();
        }
    }

    private void measure() {
        if (allocated >= 0) {
            mostAllocated = Math.max(mostAllocated, now() - allocated);
        }
    }

    /// -1 on virtual threads, which are not measured.
    private static long now() {
        return Thread.currentThread().isVirtual() ? -1 : THREADS.getCurrentThreadAllocatedBytes();
    }

    /// Most bytes that the reading thread allocated between two reads; 0 if it was virtual.
    public long mostAllocated() {
        return mostAllocated;
    }

    @Override
    public int write(ByteBuffer source) throws ClosedChannelException {
        lock.lock();
        try {
            if (closed) {
                throw new ClosedChannelException();
            }
            byte[] bytes = new byte[source.remaining()];
            source.get(bytes);
            out.write(bytes, 0, bytes.length);
            changed.signalAll();
            return bytes.length;
        } finally {
            lock.unlock();
        }
    }

    /// What was written so far.
    public byte[] written() {
        lock.lock();
        try {
            return out.toByteArray();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isOpen() {
        lock.lock();
        try {
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
