package io.bpfguard.nri;

import io.bpfguard.ttrpc.Frame;
import io.bpfguard.ttrpc.StallWatch;
import io.bpfguard.ttrpc.TtrpcLimits;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Two ttrpc connections on one byte stream, the trunk (containerd/nri pkg/net/multiplex).
///
///     u32 connection id | u32 payload length | payload: a piece of that connection's byte stream        (big-endian)
///
/// Inbound, any cutting into pieces is accepted. Each connection has a queue of its own, so that a slow one does not hold up
/// the other; a queue that is full (by bytes, not by frames) makes the trunk wait: nothing is ever dropped.
///
/// Outbound, a message leaves as one frame of at most 4096 bytes and, if it is longer, one frame with all the rest. The Go side
/// hands out one frame per read and fails the whole link if the reader's buffer is smaller; its first buffer for a ttrpc message has
/// 4096 bytes, and its queue has 256 places. So neither one big frame nor many small ones would do.
///
/// The end of the trunk, of one connection, or of this object is the end of all three.
final class Mux implements AutoCloseable {
    /// The connection on which the runtime calls the plugin.
    static final int PLUGIN_SERVICE = 1;
    /// The connection on which the plugin calls the runtime.
    static final int RUNTIME_SERVICE = 2;

    static final int HEADER_LENGTH = 8;
    /// Longest first frame of a message.
    static final int FIRST_FRAME_BYTES = 4096;
    /// Longest message that we send: a full ttrpc frame.
    static final int MAX_SEND_BYTES = Frame.HEADER_LENGTH + TtrpcLimits.MAX_MESSAGE_BYTES;

    private static final Logger LOG = LoggerFactory.getLogger(Mux.class);
    private static final int BUFFER_BYTES = 64 * 1024;

    private final ByteChannel trunk;
    private final int maxReceiveBytes;
    private final long maxQueuedBytes;
    private final StallWatch stall;
    private final Consumer<Throwable> onClosed;
    private final Map<Integer, MuxStream> streams = new ConcurrentHashMap<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final ReentrantLock writer = new ReentrantLock();
    /// Guarded by the writer lock.
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_BYTES);
    /// Confined to the reader thread; empty between fills.
    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);

    /// @param trunk           blocking; owned by the mux
    /// @param maxReceiveBytes longest frame accepted; a longer one ends the link, its length is never allocated
    /// @param maxQueuedBytes  bytes that may wait on one connection before the trunk waits
    /// @param onClosed        told once, with the reason
    Mux(ByteChannel trunk, int maxReceiveBytes, long maxQueuedBytes, StallWatch stall, Consumer<Throwable> onClosed) {
        this.trunk = trunk;
        this.maxReceiveBytes = maxReceiveBytes;
        this.maxQueuedBytes = maxQueuedBytes;
        this.stall = stall;
        this.onClosed = onClosed;
    }

    /// A connection, as a blocking byte channel on which each `write` is one whole message. Frames for an id that is not open
    /// are discarded, so open all of them before [#start].
    ByteChannel open(int id) {
        MuxStream stream = new MuxStream(this, id, maxQueuedBytes);
        if (streams.putIfAbsent(id, stream) != null) {
            throw new IllegalStateException("connection %d is open already".formatted(id));
        }
        return stream;
    }

    /// Begins to read. On a platform thread, because the trunk may be a native descriptor, whose reads would pin a carrier.
    void start() {
        Thread.ofPlatform().daemon().name("nri-trunk").start(this::readAll);
    }

    /// Whether a frame has been arriving for longer than allowed.
    boolean stalled() {
        return stall.expired();
    }

    boolean isOpen() {
        return !closed.get();
    }

    @Override
    public void close() {
        close(new IOException("closed on this side"));
    }

    void close(Throwable cause) {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try {
            trunk.close();
        } catch (IOException e) {
            LOG.debug("closing the trunk failed: {}", e.toString());
        }
        streams.values().forEach(MuxStream::end);
        onClosed.accept(cause);
    }

    /// Sends one message; returns its length. Consumes the buffer.
    int write(int id, ByteBuffer message) throws IOException {
        int length = message.remaining();
        if (length > MAX_SEND_BYTES) {
            throw new IllegalArgumentException("a message of %d bytes; at most %d can be sent".formatted(length, MAX_SEND_BYTES));
        }
        writer.lock();
        try {
            out.clear();
            frame(id, message, Math.min(FIRST_FRAME_BYTES, length));
            if (message.hasRemaining()) {
                frame(id, message, message.remaining());
            }
            flush();
        } catch (IOException e) {
            close(e);
            throw e;
        } finally {
            writer.unlock();
        }
        return length;
    }

    private void frame(int id, ByteBuffer message, int length) throws IOException {
        if (out.remaining() < HEADER_LENGTH) {
            flush();
        }
        out.putInt(id).putInt(length);
        int left = length;
        while (left > 0) {
            if (!out.hasRemaining()) {
                flush();
            }
            int n = Math.min(left, out.remaining());
            out.put(message.slice().limit(n));
            message.position(message.position() + n);
            left -= n;
        }
    }

    private void flush() throws IOException {
        out.flip();
        while (out.hasRemaining()) {
            trunk.write(out);
        }
        out.clear();
    }

    private void readAll() {
        try {
            while (in.hasRemaining() || fill()) {
                stall.begin();
                while (in.remaining() < HEADER_LENGTH) {
                    require(fill());
                }
                frame(in.getInt(), Integer.toUnsignedLong(in.getInt()));
                stall.end();
            }
            close(new EOFException("the runtime closed the connection"));
        } catch (IOException e) {
            close(e);
        } catch (RuntimeException | Error e) {
            LOG.error("closing the link after an unexpected failure of the trunk reader; please report it", e);
            close(e);
        }
    }

    private void frame(int id, long length) throws IOException {
        if (length > maxReceiveBytes) {
            throw new IOException("the runtime announced a multiplexer frame of %d bytes, more than the limit of %d; reconnecting"
                    .formatted(length, maxReceiveBytes));
        }
        MuxStream stream = streams.get(id);
        int left = (int) length;
        while (left > 0) {
            if (!in.hasRemaining()) {
                require(fill());
            }
            int n = Math.min(left, in.remaining());
            if (stream == null) {
                in.position(in.position() + n);
            } else {
                byte[] piece = new byte[n];
                in.get(piece);
                stream.deliver(piece);
            }
            left -= n;
        }
    }

    private void require(boolean more) throws EOFException {
        if (!more) {
            throw new EOFException("the runtime closed the connection inside a multiplexer frame");
        }
    }

    private boolean fill() throws IOException {
        in.compact();
        try {
            int n;
            do {
                n = trunk.read(in);
            } while (n == 0);
            return n > 0;
        } finally {
            in.flip();
        }
    }
}
