package io.bpfguard.ttrpc;

import com.google.protobuf.ByteString;
import io.bpfguard.ttrpc.proto.Request;
import io.bpfguard.ttrpc.proto.Response;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.HexFormat;

/// A peer that writes and reads bytes, and knows only the frame header: an oracle that shares no code with the reader under test.
final class RawPeer implements AutoCloseable {
    private final SocketChannel channel;

    RawPeer(SocketChannel channel) {
        this.channel = channel;
    }

    static ByteBuffer frame(long length, long streamId, int type, int flags, byte[] data) {
        ByteBuffer b = ByteBuffer.allocate(10 + data.length);
        b.putInt((int) length).putInt((int) streamId).put((byte) type).put((byte) flags).put(data);
        return b.flip();
    }

    static byte[] bytes(ByteBuffer buffer) {
        byte[] b = new byte[buffer.remaining()];
        buffer.duplicate().get(b);
        return b;
    }

    void send(long streamId, int type, int flags, byte[] data) throws IOException {
        write(frame(data.length, streamId, type, flags, data));
    }

    void request(long streamId, Request request) throws IOException {
        send(streamId, 1, 0, request.toByteArray());
    }

    void response(long streamId, Response response) throws IOException {
        send(streamId, 2, 0, response.toByteArray());
    }

    void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    void write(String hex) throws IOException {
        write(ByteBuffer.wrap(HexFormat.of().parseHex(hex.replaceAll("[\\s|]", ""))));
    }

    byte[] read(int length) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(length);
        while (b.hasRemaining()) {
            if (channel.read(b) < 0) {
                throw new EOFException();
            }
        }
        return b.array();
    }

    /// The next frame, whatever it is.
    Frame readFrame() throws IOException {
        ByteBuffer header = ByteBuffer.wrap(read(10));
        int length = header.getInt();
        return new Frame(
                Integer.toUnsignedLong(header.getInt()),
                header.get() & 0xff,
                header.get() & 0xff,
                ByteString.copyFrom(read(length)));
    }

    /// The next frame, which must be a response to this stream.
    Response readResponse(long streamId) throws IOException {
        Frame frame = readFrame();
        if (frame.streamId() != streamId || frame.type() != 2 || frame.flags() != 0) {
            throw new AssertionError("expected a response on stream " + streamId + " but got " + frame);
        }
        return Response.parseFrom(frame.data());
    }

    boolean atEnd() throws IOException {
        return channel.read(ByteBuffer.allocate(1)) < 0;
    }

    void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
