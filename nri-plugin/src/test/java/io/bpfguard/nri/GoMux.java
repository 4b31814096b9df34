package io.bpfguard.nri;

import io.bpfguard.ttrpc.Frame;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// The runtime's end of the trunk, with the habits of the Go implementation: frames are queued, at most 256 per message; a
/// ttrpc message is read through a buffer of 4096 bytes, and a frame that does not fit the buffer breaks the link (ENOMEM).
///
/// It shares no code with [Mux], so that it can disagree. What a peer does wrong is kept in [#violations()].
final class GoMux implements AutoCloseable {
    /// How a message is cut and written.
    enum Split {
        /// One mux frame, its header and its payload in two writes, as Go does.
        TWO_WRITES,
        /// One mux frame in one write.
        ONE_WRITE,
        /// Mux frames of one byte.
        SINGLE_BYTES,
        /// Mux frames of random lengths, with empty ones and frames of ids that nobody opened between them.
        RANDOM
    }

    static final int QUEUE_FRAMES = 256;
    private static final int GO_BUFFER_BYTES = 4096;
    private static final byte[] END = new byte[0];
    private static final long PATIENCE_SECONDS = 30;

    private final ByteChannel trunk;
    private final Split split;
    private final Random random = new Random(1);
    private final Map<Integer, BlockingQueue<byte[]>> queues =
            Map.of(1, new LinkedBlockingQueue<>(), 2, new LinkedBlockingQueue<>());
    private final Map<Integer, byte[]> buffered = new ConcurrentHashMap<>();
    private final List<String> violations = new CopyOnWriteArrayList<>();
    /// Lengths of all mux frames received, by id.
    private final Map<Integer, List<Integer>> lengths =
            Map.of(1, new CopyOnWriteArrayList<>(), 2, new CopyOnWriteArrayList<>());
    private int framesOfMessage;

    GoMux(ByteChannel trunk, Split split) {
        this.trunk = trunk;
        this.split = split;
        Thread.ofPlatform().daemon().name("go-mux").start(this::readAll);
    }

    List<String> violations() {
        return violations;
    }

    List<Integer> frameLengths(int id) {
        return lengths.get(id);
    }

    // ---- out ---------------------------------------------------------------------------------------------------

    void send(int id, Frame frame) throws IOException {
        byte[] message = new byte[Frame.HEADER_LENGTH + frame.data().size()];
        frame.encode().get(message);
        switch (split) {
            case TWO_WRITES -> {
                write(header(id, message.length));
                write(ByteBuffer.wrap(message));
            }
            case ONE_WRITE -> write(muxFrame(id, message, 0, message.length));
            case SINGLE_BYTES -> {
                ByteBuffer all = ByteBuffer.allocate(message.length * 9);
                for (int i = 0; i < message.length; i++) {
                    all.put(muxFrame(id, message, i, 1));
                }
                write(all.flip());
            }
            case RANDOM -> {
                int at = 0;
                while (at < message.length) {
                    int n = Math.min(message.length - at, random.nextInt(2000));
                    write(muxFrame(id, message, at, n));
                    at += n;
                    if (random.nextInt(5) == 0) {
                        write(muxFrame(random.nextBoolean() ? 0 : 7, new byte[50], 0, 50));
                    }
                }
            }
        }
    }

    static ByteBuffer header(int id, int length) {
        return ByteBuffer.allocate(8).putInt(id).putInt(length).flip();
    }

    static ByteBuffer muxFrame(int id, byte[] bytes, int from, int length) {
        return ByteBuffer.allocate(8 + length).putInt(id).putInt(length).put(bytes, from, length).flip();
    }

    void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            trunk.write(bytes);
        }
    }

    // ---- in ----------------------------------------------------------------------------------------------------

    /// The next ttrpc frame of a connection, or null at the end.
    Frame next(int id) throws InterruptedException {
        framesOfMessage = 0;
        byte[] header = readFull(id, Frame.HEADER_LENGTH);
        if (header == null) {
            return null;
        }
        ByteBuffer h = ByteBuffer.wrap(header);
        int length = h.getInt();
        byte[] body = readFull(id, length);
        if (body == null) {
            return null;
        }
        Frame frame = new Frame(
                Integer.toUnsignedLong(h.getInt()), h.get() & 0xff, h.get() & 0xff, com.google.protobuf.ByteString.copyFrom(body));
        if (frame.type() == Frame.DATA) {
            violations.add("a DATA frame: this would end the runtime");
        }
        return frame;
    }

    /// bufio.Reader with 4096 bytes: small reads go through the buffer, large ones directly; one mux frame per read of the mux.
    private byte[] readFull(int id, int length) throws InterruptedException {
        byte[] result = new byte[length];
        int done = 0;
        while (done < length) {
            byte[] have = buffered.getOrDefault(id, END);
            if (have.length == 0) {
                int capacity = Math.max(GO_BUFFER_BYTES, length - done);
                have = take(id);
                if (have == null) {
                    return null;
                }
                if (have.length > capacity) {
                    violation("ENOMEM: a mux frame of %d bytes for a buffer of %d".formatted(have.length, capacity));
                    return null;
                }
                if (++framesOfMessage > QUEUE_FRAMES) {
                    violation("queue overflow: a message in more than %d mux frames".formatted(QUEUE_FRAMES));
                    return null;
                }
            }
            int n = Math.min(have.length, length - done);
            System.arraycopy(have, 0, result, done, n);
            done += n;
            buffered.put(id, java.util.Arrays.copyOfRange(have, n, have.length));
        }
        return result;
    }

    private byte[] take(int id) throws InterruptedException {
        byte[] piece;
        do {
            piece = queues.get(id).poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (piece == null) {
                throw new AssertionError("nothing came on connection " + id + " for " + PATIENCE_SECONDS + " s; " + violations);
            }
            if (piece == END) {
                queues.get(id).add(END);
                return null;
            }
        } while (piece.length == 0);
        return piece;
    }

    private void violation(String what) {
        violations.add(what);
        close();
    }

    private void readAll() {
        try {
            ByteBuffer header = ByteBuffer.allocate(8);
            while (readTrunk(header.clear())) {
                int id = header.getInt(0);
                int length = header.getInt(4);
                ByteBuffer payload = ByteBuffer.allocate(length);
                if (!readTrunk(payload)) {
                    break;
                }
                if (queues.containsKey(id)) {
                    lengths.get(id).add(length);
                    queues.get(id).add(payload.array());
                } else {
                    violations.add("a frame for connection " + id);
                }
            }
        } catch (IOException e) {
            // The end, like any other.
        } finally {
            queues.values().forEach(queue -> queue.add(END));
        }
    }

    private boolean readTrunk(ByteBuffer target) throws IOException {
        while (target.hasRemaining()) {
            if (trunk.read(target) < 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        try {
            trunk.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
