package io.bpfguard.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.bpfguard.ttrpc.FrameReader.Incoming;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, '', 00000000 00000000 00 00",
        "1, 1, 0, '', 00000000 00000001 01 00",
        "4294967295, 2, 255, ff, 00000001 ffffffff 02 ff ff",
        "2147483648, 255, 1, 0102, 00000002 80000000 ff 01 0102",
        "16909060, 3, 4, 00, 00000001 01020304 03 04 00",
    })
    @DisplayName("item 1: the header is encoded and decoded, with all fields at their extremes")
    void header(long streamId, int type, int flags, String data, String wire) throws IOException {
        Frame frame = new Frame(streamId, type, flags, ByteString.copyFrom(HexFormat.of().parseHex(data)));
        byte[] bytes = HexFormat.of().parseHex(wire.replace(" ", ""));
        assertThat(RawPeer.bytes(frame.encode())).isEqualTo(bytes);

        FrameReader reader = new FrameReader(
                Channels.newChannel(new ByteArrayInputStream(bytes)), 100, new StallWatch(Duration.ofSeconds(9)));
        assertThat(reader.next()).isEqualTo(new Incoming.Whole(frame));
        assertThat(reader.next()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"-1, 0, 0", "4294967296, 0, 0", "1, -1, 0", "1, 256, 0", "1, 0, -1", "1, 0, 256"})
    @DisplayName("item 1: what does not fit its field is refused")
    void range(long streamId, int type, int flags) {
        assertThatThrownBy(() -> new Frame(streamId, type, flags, ByteString.EMPTY)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @DisplayName("item 17: the one writer refuses a DATA frame and sends nothing")
    void neverData() throws Exception {
        try (SocketPair pair = SocketPair.open()) {
            TtrpcChannelTest.Nobody nobody = new TtrpcChannelTest.Nobody();
            Connection connection = new Connection("t", pair.ours(), TtrpcLimits.DEFAULT, nobody);
            assertThatThrownBy(() -> connection.send(new Frame(1, Frame.DATA, 0, ByteString.EMPTY)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("DATA");
            connection.send(new Frame(5, Frame.RESPONSE, 0, ByteString.EMPTY));
            assertThat(new RawPeer(pair.theirs()).readFrame().streamId()).isEqualTo(5);
            connection.close();
        }
    }
}
