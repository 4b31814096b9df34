package io.bpfguard.ttrpc;

import com.google.protobuf.UnsafeByteOperations;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/// Cuts a byte stream into frames, whatever the size of the pieces it arrives in.
///
/// Memory: one fixed buffer, and the body of the frame at hand, which is allocated only after its length was checked; a body
/// that is too long is read and thrown away. Confined to one thread, except [#stall()].
final class FrameReader {
    /// What came off the wire.
    sealed interface Incoming {
        /// A frame within the limit.
        record Whole(Frame frame) implements Incoming {}

        /// A frame whose data was longer than the limit and has been skipped.
        record Oversize(long streamId, int type, long length) implements Incoming {}
    }

    private static final int BUFFER_BYTES = 64 * 1024;

    private final ReadableByteChannel channel;
    private final int maxLength;
    private final StallWatch stall;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).limit(0);

    FrameReader(ReadableByteChannel channel, int maxLength, StallWatch stall) {
        this.channel = channel;
        this.maxLength = maxLength;
        this.stall = stall;
    }

    /// Waits for the next frame.
    ///
    /// @return null when the stream ended between two frames
    /// @throws EOFException if it ended inside one
    Incoming next() throws IOException {
        if (!buffer.hasRemaining() && !fill()) {
            return null;
        }
        stall.begin();
        while (buffer.remaining() < Frame.HEADER_LENGTH) {
            if (!fill()) {
                throw new EOFException("the peer closed the connection inside a frame header");
            }
        }
        long length = Integer.toUnsignedLong(buffer.getInt());
        long streamId = Integer.toUnsignedLong(buffer.getInt());
        int type = Byte.toUnsignedInt(buffer.get());
        int flags = Byte.toUnsignedInt(buffer.get());
        Incoming incoming;
        if (length > maxLength) {
            skip(length);
            incoming = new Incoming.Oversize(streamId, type, length);
        } else {
            byte[] body = new byte[(int) length];
            readFully(body);
            incoming = new Incoming.Whole(new Frame(streamId, type, flags, UnsafeByteOperations.unsafeWrap(body)));
        }
        stall.end();
        return incoming;
    }

    private void readFully(byte[] body) throws IOException {
        int done = 0;
        while (done < body.length) {
            int n = take(body.length - done);
            buffer.get(body, done, n);
            done += n;
        }
    }

    private void skip(long length) throws IOException {
        long left = length;
        while (left > 0) {
            int n = take(left);
            buffer.position(buffer.position() + n);
            left -= n;
        }
    }

    /// How many of the `wanted` bytes the buffer holds, at least one.
    private int take(long wanted) throws IOException {
        if (!buffer.hasRemaining() && !fill()) {
            throw new EOFException("the peer closed the connection inside the data of a frame");
        }
        return (int) Math.min(wanted, buffer.remaining());
    }

    /// Adds at least one byte to the buffer, or returns false at the end of the stream.
    private boolean fill() throws IOException {
        buffer.compact();
        try {
            int n;
            do {
                n = channel.read(buffer);
            } while (n == 0);
            return n > 0;
        } finally {
            buffer.flip();
        }
    }
}
