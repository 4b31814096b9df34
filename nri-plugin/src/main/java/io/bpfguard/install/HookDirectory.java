package io.bpfguard.install;

import java.nio.file.Path;

/**
 * A directory from which a runtime reads hook files.
 *
 * @param path as the runtime names it
 * @param from what makes the runtime read it: a configuration file of the host, or words
 */
public record HookDirectory(String path, String from) {
    /** What distributions ship. */
    static final String SHIPPED = "/usr/share/containers/oci/hooks.d";
    /** What the host's administrator adds. */
    static final String LOCAL = "/etc/containers/oci/hooks.d";
    /** The one directory that both runtimes read when nothing is configured. */
    static final HookDirectory BUILT_IN = new HookDirectory(SHIPPED, "built in");

    /** Writes the path in its shortest form, so that two names of one directory compare. */
    public HookDirectory {
        path = Path.of(path).toString();
    }

    /** Whether it means the same directory whatever the runtime's working directory is. */
    boolean absolute() {
        return path.startsWith("/");
    }
}
