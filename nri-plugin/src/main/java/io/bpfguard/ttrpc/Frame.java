package io.bpfguard.ttrpc;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;

/// One ttrpc frame: a ten-byte header, big-endian, and its data (ttrpc PROTOCOL.md, "Message Frame").
///
///     u32 data length | u32 stream id | u8 type | u8 flags | data
///
/// A value only: any type and any flags can be held, because a receiver must be able to skip what it does not know.
///
/// @param streamId an unsigned 32-bit number; clients open odd ones
/// @param type     [#REQUEST], [#RESPONSE], [#DATA] or a number unknown to us, 0 to 255
/// @param flags    0 for every frame of a unary call, 0 to 255
/// @param data     the body, without the header
public record Frame(long streamId, int type, int flags, ByteString data) {
    /// Length of the header in bytes.
    public static final int HEADER_LENGTH = 10;

    /// Opens a call.
    public static final int REQUEST = 1;
    /// Ends a unary call.
    public static final int RESPONSE = 2;
    /// One message of a streaming call. Never sent here: up to ttrpc 1.2.7 a stray one ends the receiving Go process.
    public static final int DATA = 3;

    /// @throws IllegalArgumentException if a number does not fit its field
    public Frame {
        requireNonNull(data, "data is null");
        if (streamId < 0 || streamId > 0xFFFF_FFFFL) {
            throw new IllegalArgumentException("stream id %d is not an unsigned 32-bit number".formatted(streamId));
        }
        if (type < 0 || type > 0xFF || flags < 0 || flags > 0xFF) {
            throw new IllegalArgumentException("type %d or flags %d is not a byte".formatted(type, flags));
        }
    }

    /// A frame of a unary call: no flags.
    static Frame unary(long streamId, int type, ByteString data) {
        return new Frame(streamId, type, 0, data);
    }

    /// Header and data in one new buffer, ready to be read; its length is `HEADER_LENGTH + data.size()`.
    public ByteBuffer encode() {
        ByteBuffer buffer = ByteBuffer.allocate(HEADER_LENGTH + data.size());
        buffer.putInt(data.size()).putInt((int) streamId).put((byte) type).put((byte) flags);
        data.copyTo(buffer);
        return buffer.flip();
    }
}
