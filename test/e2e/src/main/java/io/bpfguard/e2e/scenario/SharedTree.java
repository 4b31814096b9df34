package io.bpfguard.e2e.scenario;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A directory below the shared one. Its files go by the paths that containers have for them.
 *
 * @param shared the shared directory, as the host sees it
 * @param directory as containers see it
 */
record SharedTree(Path shared, String directory) {
    private static final String SEEN = "/shared/";

    /** Leaves an empty directory. */
    void clear() throws IOException {
        Path root = host(directory);
        if (Files.exists(root)) {
            List<Path> all;
            try (Stream<Path> walk = Files.walk(root)) {
                all = walk.sorted(Comparator.reverseOrder()).toList();
            }
            for (Path path : all) {
                Files.delete(path);
            }
        }
        Files.createDirectories(root);
    }

    Path file(String path) throws IOException {
        return Files.writeString(parent(path), "x");
    }

    /** Writes a file anew, whether or not there is one. */
    void replace(String path, String content) throws IOException {
        Path host = parent(path);
        Files.deleteIfExists(host);
        Files.writeString(host, content);
    }

    void directory(String path) throws IOException {
        Files.createDirectories(host(path));
    }

    /** Makes only the directories above. */
    Path parent(String path) throws IOException {
        Path host = host(path);
        Files.createDirectories(host.getParent());
        return host;
    }

    Path copy(Path from, String path) throws IOException {
        return Files.copy(from, parent(path));
    }

    private Path host(String path) {
        if (!path.startsWith(SEEN)) {
            throw new IllegalArgumentException(path + " is not shared");
        }
        return shared.resolve(path.substring(SEEN.length()));
    }
}
