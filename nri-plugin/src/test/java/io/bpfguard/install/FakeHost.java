package io.bpfguard.install;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The files of a host in a directory of a test, with the modes that they have on a host whatever the test's umask is. */
public final class FakeHost {
    /** The hook's program. */
    public static final String LAUNCHER = "/usr/lib/bpfguard/bin/bpfguard-hook";

    private final Path directory;

    /** A host with nothing but the hook's program. */
    public FakeHost(Path directory) {
        this.directory = directory;
        mode(directory, "rwxr-xr-x");
        write(LAUNCHER, "");
        mode(LAUNCHER, "rwxr-xr-x");
    }

    /** What the command takes as {@code --root}. */
    public String path() {
        return directory.toString();
    }

    HostRoot root() {
        return new HostRoot(directory);
    }

    /** Where a path of the host is in the test's directory. */
    public Path at(String path) {
        return directory.resolve(path.substring(1));
    }

    /** Puts the runtimes' programs there. */
    public FakeHost with(ContainerRuntime... runtimes) {
        for (ContainerRuntime runtime : runtimes) {
            write("/usr/bin/" + runtime.program(), "");
        }
        return this;
    }

    /** Writes a file, and makes the directories to it. */
    public FakeHost write(String path, String content) {
        makeDirectory(at(path).getParent());
        try {
            Files.writeString(at(path), content);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        mode(path, "rw-r--r--");
        return this;
    }

    /** Sets {@code hooks_dir} for Podman. */
    public FakeHost podmanReads(String list) {
        return write("/etc/containers/containers.conf", "[engine]\nhooks_dir = " + list + "\n");
    }

    /** Sets {@code hooks_dir} for CRI-O. */
    public FakeHost crioReads(String list) {
        return write("/etc/crio/crio.conf.d/10-hooks.conf", "[crio.runtime]\nhooks_dir = " + list + "\n");
    }

    /** Sets a mode like {@code rwxr-xr-x}. */
    public FakeHost mode(String path, String mode) {
        mode(at(path), mode);
        return this;
    }

    /** The text of a file. */
    public String read(String path) {
        try {
            return Files.readString(at(path));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** All files of the host except programs, to see that nothing was changed. */
    public List<String> files() {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile).map(file -> "/" + directory.relativize(file)).filter(name -> !name.startsWith("/usr/bin/")
                    && !name.equals(LAUNCHER)).sorted().toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void makeDirectory(Path path) {
        if (!Files.exists(path)) {
            makeDirectory(path.getParent());
            try {
                Files.createDirectory(path);
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
            mode(path, "rwxr-xr-x");
        }
    }

    private static void mode(Path path, String mode) {
        try {
            Files.setPosixFilePermissions(path, Set.copyOf(PosixFilePermissions.fromString(mode)));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
