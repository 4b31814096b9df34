package io.bpfguard.events;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Reads what {@link RotatingFile} writes, from the oldest line on and as far as lines are whole. It needs no agent, and goes on over
 * rotations: as long as no more lines come than the files hold before it has read them, none is left out. Not thread-safe.
 */
public final class EventFiles implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final int READ_SIZE = 1 << 16;
    /** A file that was renamed or removed between two looks is looked for again. */
    private static final int TRIES = 100;

    private final Path file;
    private final ByteArrayOutputStream begun = new ByteArrayOutputStream();
    private final ByteBuffer buffer = ByteBuffer.allocate(READ_SIZE);
    private FileChannel channel;
    /** Which file the channel has open, by inode: its name changes. */
    private Object key;

    /** @param file the one that is written; those that were full are beside it */
    public EventFiles(Path file) {
        this.file = file;
    }

    /**
     * Reads all that is there.
     *
     * @return false if there is no file
     */
    public boolean readAll(Consumer<String> lines) throws IOException {
        boolean found = channel != null || openOldest();
        while (found) {
            drain(lines);
            if (!openNext(lines)) {
                return true;
            }
        }
        return false;
    }

    /** Reads all that is there and all that comes, until this thread is interrupted. A file that is not there yet is waited for. */
    public void follow(Consumer<String> lines) throws IOException, InterruptedException {
        while (true) {
            readAll(lines);
            TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
        }
    }

    private boolean openOldest() throws IOException {
        for (int number = oldest(); number >= 0; number--) {
            if (open(number, Optional.empty())) {
                return true;
            }
        }
        return false;
    }

    private int oldest() {
        int number = 0;
        // In the middle of a rotation one number is missing.
        while (exists(number + 1) || exists(number + 2)) {
            number++;
        }
        return number;
    }

    private boolean exists(int number) {
        return Files.exists(RotatingFile.numbered(file, number), LinkOption.NOFOLLOW_LINKS);
    }

    /** @param after the file that must be the next older one, where that matters */
    private boolean open(int number, Optional<Object> after) throws IOException {
        Path path = RotatingFile.numbered(file, number);
        try {
            Object of = key(path);
            FileChannel opened = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
            // A rotation renames the oldest first: while that one has its name, what was opened is the one after it.
            if (!of.equals(key(path)) || after.isPresent() && !after.get().equals(key(RotatingFile.numbered(file, number + 1)))) {
                opened.close();
                return false;
            }
            close();
            channel = opened;
            key = of;
            begun.reset();
            return true;
        } catch (NoSuchFileException gone) {
            return false;
        }
    }

    private static Object key(Path path) throws IOException {
        return Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
    }

    /** Goes on to the file after the open one; false if that is the one that is written. */
    private boolean openNext(Consumer<String> lines) throws IOException {
        for (int attempt = 0; attempt < TRIES; attempt++) {
            int mine = numberOfMine();
            if (mine == 0) {
                return false;
            }
            // What was written between the last look and the rotation; nothing more comes now.
            drain(lines);
            // It was rotated away; one that is not there any more was older than all that are.
            if (mine < 0 ? openOldest() : open(mine - 1, Optional.of(key))) {
                return true;
            }
            if (mine > 0 && !exists(0)) {
                // Rotated, and nothing written since.
                return false;
            }
        }
        return false;
    }

    private int numberOfMine() throws IOException {
        for (int number = 0; number <= oldest(); number++) {
            try {
                if (key.equals(key(RotatingFile.numbered(file, number)))) {
                    return number;
                }
            } catch (NoSuchFileException gone) {
                // Renamed between two looks; the others are looked at.
            }
        }
        return -1;
    }

    private void drain(Consumer<String> lines) throws IOException {
        while (channel.read(buffer.clear()) > 0) {
            buffer.flip();
            while (buffer.hasRemaining()) {
                byte next = buffer.get();
                if (next == '\n') {
                    lines.accept(begun.toString(StandardCharsets.UTF_8));
                    begun.reset();
                } else {
                    begun.write(next);
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
            channel = null;
        }
    }
}
