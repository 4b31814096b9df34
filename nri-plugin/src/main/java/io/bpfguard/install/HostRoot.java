package io.bpfguard.install;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The files of a host: those below {@code /}, or those of another host that are kept in a directory.
 *
 * @param path the directory that is the host's {@code /}
 */
public record HostRoot(Path path) {
    /** Takes symbolic links out of the path. */
    public HostRoot {
        try {
            path = path.toRealPath();
        } catch (IOException missing) {
            path = path.toAbsolutePath().normalize();
        }
    }

    /** Where an absolute path of the host is found here. */
    Path at(String hostPath) {
        return path.resolve(Path.of("/").relativize(Path.of(hostPath).normalize()));
    }

    /** The host's name of a path that {@link #at} gave, or of one below it. */
    String nameOf(Path here) {
        return "/" + path.relativize(here);
    }

    /** The user who is root on that host: who owns its {@code /}. */
    int owner() throws IOException {
        return (Integer) Files.getAttribute(path, "unix:uid");
    }
}
