package io.bpfguard.install;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A hook directory of the host, as files.
 *
 * @param root whose host
 * @param path the directory's absolute path there
 */
record Place(HostRoot root, String path) {
    private static final String DIRECTORY_MODE = "rwxr-xr-x";
    private static final String FILE_MODE = "rw-r--r--";

    private Path here() {
        return root.at(path);
    }

    /** The name on the host of a file in it. */
    String nameOf(HookFile file) {
        return path + "/" + file.fileName();
    }

    /**
     * The content of a file in it, or nothing if there is none.
     *
     * @throws IOException if it cannot be read
     */
    Optional<byte[]> read(String fileName) throws IOException {
        try {
            return Optional.of(Files.readAllBytes(here().resolve(fileName)));
        } catch (NoSuchFileException missing) {
            return Optional.empty();
        }
    }

    /**
     * The names in it that runtimes read as hook files.
     *
     * @throws InstallException if the directory cannot be read
     */
    List<String> jsonFiles() throws InstallException {
        return ConfigurationFiles.entries(root, here()).stream().map(file -> file.getFileName().toString())
                .filter(name -> name.endsWith(".json")).toList();
    }

    /** Whether something is there that is no directory. */
    boolean isNoDirectory() {
        return Files.exists(here()) && !Files.isDirectory(here());
    }

    /** Why hook files should not be put here, or nothing. A directory that is not there yet is judged by the one that it would be made in. */
    Optional<String> unfit() {
        if (isNoDirectory()) {
            return Optional.of("it is not a directory");
        }
        Path existing = here();
        while (!Files.exists(existing) && !existing.equals(root.path())) {
            existing = existing.getParent();
        }
        try {
            Optional<String> wrong = Ownership.problem(root, existing);
            return wrong.isPresent() || Files.isWritable(existing) ? wrong : Optional.of(root.nameOf(existing) + " is not writable");
        } catch (IOException failure) {
            return Optional.of(root.nameOf(existing) + " cannot be looked at: " + failure.getMessage());
        }
    }

    /**
     * Puts a file here, whole or not at all, for everybody to read; makes the directory if it is not there.
     *
     * @throws IOException if it cannot be written; what was there before is there still
     */
    void write(HookFile file, byte[] content) throws IOException {
        makeDirectory();
        // Not a name that runtimes read, so that none sees half a file.
        Path unfinished = here().resolve("." + file.fileName() + ".new");
        Files.deleteIfExists(unfinished);
        try {
            try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString(FILE_MODE));
                ByteBuffer rest = ByteBuffer.wrap(content);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                channel.force(true);
            }
            Files.move(unfinished, here().resolve(file.fileName()), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unfinished);
        }
        sync(here());
    }

    /**
     * Takes a file away.
     *
     * @throws IOException if that fails
     */
    void remove(HookFile file) throws IOException {
        Files.deleteIfExists(here().resolve(file.fileName()));
        sync(here());
    }

    private void makeDirectory() throws IOException {
        Deque<Path> missing = new ArrayDeque<>();
        for (Path at = here(); !Files.exists(at); at = at.getParent()) {
            missing.push(at);
        }
        for (Path directory : missing) {
            Files.createDirectory(directory);
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(DIRECTORY_MODE));
            sync(directory.getParent());
        }
    }

    /** A new name lasts over a crash only when its directory is on disk. */
    private static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
