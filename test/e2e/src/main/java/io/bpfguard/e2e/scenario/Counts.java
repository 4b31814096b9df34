package io.bpfguard.e2e.scenario;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/** Numbers that a probe counts in a file of the shared directory: {@code shared_counts} in probe.h. */
final class Counts {
    private Counts() {}

    /** Makes the file, all zeros, and maps it: what is read there is what the probe has counted by then. */
    static LongBuffer make(Stage stage, String file, int numbers) {
        int size = numbers * Long.BYTES;
        var path = stage.sharedFile(file, "\0".repeat(size));
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, size).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
