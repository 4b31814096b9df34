package io.bpfguard.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.ttrpc.proto.KeyValue;
import io.grpc.Metadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class MetadataMappingTest {
    private static KeyValue entry(String key, String value) {
        return KeyValue.newBuilder().setKey(key).setValue(value).build();
    }

    private static Iterable<String> all(Metadata metadata, String key) {
        return metadata.getAll(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER));
    }

    @Test
    @DisplayName("item 30: duplicate keys are kept in order, upper case is lowered, the rest is dropped")
    void mapping() {
        Metadata metadata = MetadataMapping.toGrpc(List.of(
                entry("a", "1"), entry("A", "2"), entry("a", "3"), entry("TraceParent", "00-x"), entry("ü", "x"), entry("", "x"),
                entry("b", "naïve"), entry("c", "line\nbreak"), entry("d-bin", "AAAA"), entry(":e", "x"), entry("f g", "x")));
        assertThat(metadata.keys()).containsExactlyInAnyOrder("a", "traceparent");
        assertThat(all(metadata, "a")).containsExactly("1", "2", "3");
        assertThat(all(metadata, "traceparent")).containsExactly("00-x");
    }

    @Test
    @DisplayName("item 30: 1000 entries, and random text, never throw")
    void neverThrows() {
        Random random = new Random(30);
        List<KeyValue> entries = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            entries.add(entry("key", "value" + i));
        }
        for (int i = 0; i < 10_000; i++) {
            entries.add(entry(text(random), text(random)));
        }
        assertThat(all(MetadataMapping.toGrpc(entries), "key")).hasSizeGreaterThanOrEqualTo(1000);
    }

    @Test
    @DisplayName("item 30: there and back; binary entries, which ttrpc cannot carry, stay behind")
    void back() {
        Metadata metadata = new Metadata();
        metadata.put(Metadata.Key.of("k", Metadata.ASCII_STRING_MARSHALLER), "1");
        metadata.put(Metadata.Key.of("k", Metadata.ASCII_STRING_MARSHALLER), "2");
        metadata.put(Metadata.Key.of("x-bin", Metadata.BINARY_BYTE_MARSHALLER), new byte[] {1});
        assertThat(MetadataMapping.fromGrpc(metadata)).containsExactly(entry("k", "1"), entry("k", "2"));
    }

    private static String text(Random random) {
        return random.ints(random.nextInt(12), 0, random.nextBoolean() ? 128 : 0xd800)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
