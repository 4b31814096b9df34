package io.bpfguard.events;

import io.bpfguard.state.RootDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Events in a file that only root reads. One that is full becomes {@code FILE.1}, that one {@code FILE.2}, and so on; the oldest goes.
 * A line is never parted between two files, and a file that a crash left without the end of its last line gets it.
 */
public final class RotatingFile implements EventSink {
    private static final Set<OpenOption> OPTIONS = Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    private static final FileAttribute<Set<PosixFilePermission>> OWN = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path file;
    private final long fullAt;
    private final int kept;
    /** Null before the first line and after a failure. */
    private FileChannel channel;
    private long size;

    /**
     * Opened with the first line.
     *
     * @param file its directory is made if need be, and is to be root's alone
     * @param fullAt bytes; no file gets larger, unless by one line
     * @param kept how many full ones stay
     */
    public RotatingFile(Path file, long fullAt, int kept) {
        this.file = file;
        this.fullAt = fullAt;
        this.kept = kept;
    }

    /** The file that was full some rotations ago; the one that is written for 0. */
    static Path numbered(Path file, int rotations) {
        return rotations == 0 ? file : file.resolveSibling(file.getFileName() + "." + rotations);
    }

    @Override
    public void write(byte[] line) throws IOException {
        try {
            if (channel != null && size > 0 && size + line.length > fullAt) {
                rotate();
            }
            if (channel == null) {
                open();
            }
            put(line);
        } catch (IOException failure) {
            close();
            throw failure;
        }
    }

    private void open() throws IOException {
        RootDirectory.make(file.toAbsolutePath().getParent());
        channel = FileChannel.open(file, OPTIONS, OWN);
        size = channel.size();
        if (size > 0) {
            ByteBuffer last = ByteBuffer.allocate(1);
            channel.read(last, size - 1);
            if (last.get(0) != '\n') {
                put(new byte[] {'\n'});
            }
        }
    }

    private void put(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            size += channel.write(buffer, size);
        }
    }

    private void rotate() throws IOException {
        close();
        for (int number = kept; number > 0; number--) {
            Path younger = numbered(file, number - 1);
            if (Files.exists(younger, LinkOption.NOFOLLOW_LINKS)) {
                Files.move(younger, numbered(file, number), StandardCopyOption.ATOMIC_MOVE);
            }
        }
        if (kept == 0) {
            Files.deleteIfExists(file);
        }
    }

    @Override
    public String name() {
        return file.toString();
    }

    @Override
    public void close() throws IOException {
        FileChannel old = channel;
        channel = null;
        if (old != null) {
            old.close();
        }
    }
}
