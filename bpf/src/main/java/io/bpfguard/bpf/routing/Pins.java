package io.bpfguard.bpf.routing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Directories of pins in a bpffs. */
final class Pins {
    private Pins() {}

    /** The entries in the order of their names; none where there is no such directory. */
    static List<Path> list(Path directory) {
        List<Path> entries = new ArrayList<>();
        if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
                stream.forEach(entries::add);
            } catch (IOException failure) {
                throw new UncheckedIOException("listing " + directory, failure);
            }
        }
        entries.sort(null);
        return entries;
    }

    /** Removes a pin, or a directory of pins; links first, so that no router runs on with its matchers gone. */
    static void remove(Path path) {
        try {
            if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                List<Path> entries = list(path);
                entries.stream().filter(entry -> entry.getFileName().toString().equals("link")).forEach(Pins::remove);
                entries.stream().filter(entry -> !entry.getFileName().toString().equals("link")).forEach(Pins::remove);
            }
            Files.deleteIfExists(path);
        } catch (IOException failure) {
            throw new UncheckedIOException("removing " + path, failure);
        }
    }
}
