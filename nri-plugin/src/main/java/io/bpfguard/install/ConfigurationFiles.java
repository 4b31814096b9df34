package io.bpfguard.install;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The files of configuration directories. */
final class ConfigurationFiles {
    private ConfigurationFiles() {}

    /**
     * What a directory holds, by name; nothing if it is not there.
     *
     * @throws InstallException if it cannot be read
     */
    static List<Path> entries(HostRoot root, Path directory) throws InstallException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        } catch (IOException failure) {
            throw new InstallException(root.nameOf(directory) + " cannot be read: " + failure.getMessage());
        }
    }

    /** Whether it is a directory and no link to one. */
    static boolean isDirectory(Path path) {
        return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    }
}
