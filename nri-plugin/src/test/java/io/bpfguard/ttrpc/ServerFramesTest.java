package io.bpfguard.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.bpfguard.ttrpc.proto.KeyValue;
import io.bpfguard.ttrpc.proto.Request;
import io.bpfguard.ttrpc.proto.Response;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a server answers to frames and requests that are not as they should be.
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServerFramesTest extends WithServer {
    @Test
    @DisplayName("item 4: a request of exactly 4 MiB is served, one byte more is answered 8, and the stream continues")
    void limit() throws IOException {
        serve(new Echo());
        Request base = Echo.call("Nothing", ByteString.copyFrom(new byte[TtrpcLimits.MAX_MESSAGE_BYTES - 100]));
        int missing = TtrpcLimits.MAX_MESSAGE_BYTES - base.getSerializedSize();
        Request full = Echo.call("Nothing", ByteString.copyFrom(new byte[TtrpcLimits.MAX_MESSAGE_BYTES - 100 + missing]));
        assertThat(full.getSerializedSize()).isEqualTo(TtrpcLimits.MAX_MESSAGE_BYTES);
        client.request(1, full);
        assertThat(code(client.readResponse(1))).isEqualTo(UNIMPLEMENTED);
        client.send(3, 1, 0, new byte[TtrpcLimits.MAX_MESSAGE_BYTES + 1]);
        Response refused = client.readResponse(3);
        assertThat(code(refused)).isEqualTo(RESOURCE_EXHAUSTED);
        assertThat(refused.getStatus().getMessage()).contains("4194305").contains("4194304");
        assertUsable(5);
    }

    @Test
    @DisplayName("item 4: the receive limit can be raised")
    void raisedLimit() throws IOException {
        serve(new Echo(), TtrpcLimits.DEFAULT.withMaxReceiveBytes(6 << 20));
        client.request(1, Echo.call("Nothing", ByteString.copyFrom(new byte[5 << 20])));
        assertThat(code(client.readResponse(1))).isEqualTo(UNIMPLEMENTED);
    }

    @Test
    @DisplayName("item 18: unknown service, unknown method and a streaming method are UNIMPLEMENTED")
    void unknown() throws IOException {
        serve(new Echo());
        client.request(1, Request.newBuilder().setService("no.Such").setMethod("Echo").build());
        Response service = client.readResponse(1);
        assertThat(code(service)).isEqualTo(UNIMPLEMENTED);
        assertThat(service.getStatus().getMessage()).isEqualTo("service no.Such");
        client.request(3, Echo.call("Missing", ""));
        Response method = client.readResponse(3);
        assertThat(code(method)).isEqualTo(UNIMPLEMENTED);
        assertThat(method.getStatus().getMessage()).isEqualTo("method Missing");
        client.request(5, Echo.call("Stream", ""));
        assertThat(code(client.readResponse(5))).isEqualTo(UNIMPLEMENTED);
        assertUsable(7);
    }

    @Test
    @DisplayName("item 19: zero-length request 12, garbage request 3, garbage payload 13")
    void garbage() throws IOException {
        serve(new Echo());
        client.send(1, 1, 0, new byte[0]);
        Response empty = client.readResponse(1);
        assertThat(code(empty)).isEqualTo(UNIMPLEMENTED);
        assertThat(empty.getStatus().getMessage()).isEqualTo("service ");
        client.send(3, 1, 0, new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff});
        assertThat(code(client.readResponse(3))).isEqualTo(INVALID_ARGUMENT);
        client.request(5, Echo.call("Echo", ByteString.copyFrom(new byte[] {(byte) 0xff})));
        assertThat(code(client.readResponse(5))).isEqualTo(INTERNAL);
        assertUsable(7);
    }

    @Test
    @DisplayName("item 20: even, zero, reused and decreasing ids are refused with 3 on the same id")
    void badIds() throws IOException {
        serve(new Echo());
        assertUsable(9);
        for (long id : new long[] {2, 0, 9, 7, 1, 0xFFFF_FFFEL}) {
            client.request(id, Echo.call("Echo", "x"));
            assertThat(code(client.readResponse(id))).as("id %d", id).isEqualTo(INVALID_ARGUMENT);
        }
        assertUsable(11);
        assertUsable(0x8000_0001L);
        assertUsable(0xFFFF_FFFFL);
        client.request(13, Echo.call("Echo", "x"));
        assertThat(code(client.readResponse(13))).isEqualTo(INVALID_ARGUMENT);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 255})
    @DisplayName("item 21: a frame of an unknown type is skipped, the next call works")
    void unknownType(int type) throws IOException {
        serve(new Echo());
        client.send(1, type, 0xff, new byte[5000]);
        client.send(1, type, 0, new byte[TtrpcLimits.MAX_MESSAGE_BYTES + 1]);
        assertUsable(1);
    }

    @Test
    @DisplayName("item 22: a RESPONSE sent to a server is ignored")
    void response() throws IOException {
        serve(new Echo());
        client.send(1, 2, 0, new byte[] {1, 2, 3});
        assertUsable(1);
    }

    @Test
    @DisplayName("item 23: DATA on an unknown stream is refused with 3, and nothing breaks")
    void dataUnknown() throws IOException {
        serve(new Echo());
        client.send(1, Frame.DATA, 0, new byte[] {1});
        assertThat(code(client.readResponse(1))).isEqualTo(INVALID_ARGUMENT);
        client.send(2, Frame.DATA, 5, new byte[0]);
        assertThat(code(client.readResponse(2))).isEqualTo(INVALID_ARGUMENT);
        client.send(3, Frame.DATA, 0, new byte[TtrpcLimits.MAX_MESSAGE_BYTES + 1]);
        assertThat(code(client.readResponse(3))).isEqualTo(INVALID_ARGUMENT);
        assertUsable(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 5, 255})
    @DisplayName("item 24: flags on a unary request are ignored")
    void flags(int flags) throws IOException {
        serve(new Echo());
        client.send(1, 1, flags, Echo.call("Echo", "x").toByteArray());
        assertThat(code(client.readResponse(1))).isEqualTo(OK);
    }

    @Test
    @DisplayName("item 30: metadata of any kind does not disturb a call")
    void metadata() throws IOException {
        serve(new Echo());
        Request.Builder request = Echo.call("Echo", "x").toBuilder();
        for (int i = 0; i < 1000; i++) {
            request.addMetadata(KeyValue.newBuilder().setKey("k" + i % 7).setValue("v" + i));
        }
        for (String key : List.of("", "UPPER", "ümlaut", "a b", "x-bin", ":path", "a\0b", "grpc-status", "traceparent")) {
            request.addMetadata(KeyValue.newBuilder().setKey(key).setValue("wert-ü\n"));
        }
        client.request(1, request.build());
        assertThat(code(client.readResponse(1))).isEqualTo(OK);
    }

    @Test
    @DisplayName("item 31: invalid UTF-8 in service, method, metadata or message is a status, not a crash")
    void invalidUtf8() throws IOException {
        serve(new Echo());
        byte[] good = Echo.call("Echo", "payload-text").toByteArray();
        String text = new String(good, java.nio.charset.StandardCharsets.ISO_8859_1);
        record Case(String where, int code) {}
        long id = 1;
        for (Case c : List.of(
                new Case("test.Echo", INVALID_ARGUMENT),
                new Case("Echo\u001a", INVALID_ARGUMENT),
                new Case("payload-text", INTERNAL))) {
            byte[] bad = good.clone();
            bad[text.indexOf(c.where())] = (byte) 0xc3;
            bad[text.indexOf(c.where()) + 1] = (byte) 0x28;
            client.send(id, 1, 0, bad);
            assertThat(code(client.readResponse(id))).as(c.where()).isEqualTo(c.code());
            id += 2;
        }
        byte[] key = Echo.call("Echo", "").toBuilder().addMetadata(KeyValue.newBuilder().setKey("kk").setValue("v")).build().toByteArray();
        int at = new String(key, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("kk");
        key[at] = (byte) 0xff;
        client.send(id, 1, 0, key);
        assertThat(code(client.readResponse(id))).isEqualTo(INVALID_ARGUMENT);
        assertUsable(id + 2);
    }

    @Test
    @DisplayName("a service given twice is refused")
    void duplicateService() {
        assertThatThrownBy(() -> TtrpcServer.of(TtrpcLimits.DEFAULT, new Echo(), new Echo()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("test.Echo");
    }
}
