package io.bpfguard.ttrpc;

import io.bpfguard.ttrpc.proto.KeyValue;
import io.grpc.Metadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// ttrpc metadata to gRPC metadata and back. ttrpc allows any text as key and value, gRPC only lower-case ASCII keys and
/// printable ASCII values: keys are lowered, the rest is dropped. Never throws on what a peer sent.
final class MetadataMapping {
    private MetadataMapping() {}

    static Metadata toGrpc(List<KeyValue> entries) {
        Metadata metadata = new Metadata();
        for (KeyValue entry : entries) {
            String key = entry.getKey().toLowerCase(Locale.ROOT);
            if (isKey(key) && isPrintable(entry.getValue())) {
                metadata.put(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER), entry.getValue());
            }
        }
        return metadata;
    }

    /// Binary entries, which ttrpc cannot carry, are left out.
    static List<KeyValue> fromGrpc(Metadata metadata) {
        List<KeyValue> entries = new ArrayList<>();
        for (String name : metadata.keys()) {
            if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                continue;
            }
            for (String value : metadata.getAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER))) {
                entries.add(KeyValue.newBuilder().setKey(name).setValue(value).build());
            }
        }
        return entries;
    }

    private static boolean isKey(String key) {
        return !key.isEmpty()
                && !key.endsWith(Metadata.BINARY_HEADER_SUFFIX)
                && key.chars().allMatch(c -> c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.');
    }

    private static boolean isPrintable(String value) {
        return value.chars().allMatch(c -> c >= 0x20 && c <= 0x7E);
    }
}
