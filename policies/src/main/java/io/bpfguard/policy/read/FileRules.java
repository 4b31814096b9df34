package io.bpfguard.policy.read;

import io.bpfguard.policy.model.PolicyException;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.Problem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which files may hold policies and programs: those that only their owner, who must be the expected one, could have written. Checked
 * around the one read of each file, so that what was read is what was checked.
 *
 * @param owner the user id that must own such files and their directory
 */
public record FileRules(int owner) {
    /** The rule on a node: root wrote it. */
    public static final FileRules ROOT = new FileRules(0);
    /** The largest policy file, in bytes. */
    public static final int MAX_SIZE = 1 << 20;

    private static final int READS = 10;
    private static final Duration BETWEEN_READS = Duration.ofMillis(50);
    private static final int GROUP_OR_OTHERS_WRITE = 0022;
    private static final int TYPE = 0170000;
    private static final int DIRECTORY = 0040000;
    private static final int REGULAR = 0100000;
    private static final int LINK = 0120000;

    /** Where a file is and what it may do, as {@code lstat(2)} says; two equal ones around a read mean the same file. */
    private record Status(int mode, int uid, Object device, Object inode, Object changed, Object size) {
        static Status of(Path path) throws IOException {
            Map<String, Object> status = Files.readAttributes(path, "unix:mode,uid,dev,ino,ctime,size",
                    LinkOption.NOFOLLOW_LINKS);
            return new Status((Integer) status.get("mode"), (Integer) status.get("uid"), status.get("dev"),
                    status.get("ino"),
                    status.get("ctime"), status.get("size"));
        }

        int type() {
            return mode & TYPE;
        }
    }

    /** Somebody is writing the file: what was read is not what is there, and a second read may find it whole. */
    static final class Racing extends Exception {
        private static final long serialVersionUID = 1;
        private final transient Path path;

        private Racing(Path path, String message) {
            super(message);
            this.path = path;
        }

        PolicyException refusal() {
            return refuse(path, getMessage());
        }
    }

    /** Refuses a directory that others could put files into. */
    void checkDirectory(Path directory) throws PolicyException {
        try {
            Status status = Status.of(directory);
            if (status.type() == LINK) {
                throw refuse(directory, "is a symbolic link; name the directory itself");
            }
            if (status.type() != DIRECTORY) {
                throw refuse(directory, "is not a directory");
            }
            checkOwner(directory, status);
        } catch (NoSuchFileException e) {
            throw refuse(directory, "is not there");
        } catch (IOException e) {
            throw refuse(directory, "cannot be read: " + e.getMessage());
        }
    }

    /** A read that may meet somebody who writes. */
    interface Read<T> {
        T once() throws PolicyException, Racing;
    }

    /** Reads, and where somebody writes at the same time reads again, up to {@value #READS} times. */
    static <T> T again(Read<T> read) throws PolicyException {
        for (int tried = 1; ; tried++) {
            try {
                return read.once();
            } catch (Racing racing) {
                if (tried == READS) {
                    throw racing.refusal();
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(BETWEEN_READS);
        } catch (InterruptedException interrupted) {
            // The next read is the last thing that the caller asked for; the flag tells it to stop.
            Thread.currentThread().interrupt();
        }
    }

    /**
     * The bytes of one file of a directory. A file that somebody writes at the same time is read again.
     *
     * @param largest the most bytes that it may have
     */
    public byte[] readFile(Path directory, String name, int largest) throws PolicyException {
        checkDirectory(directory);
        return again(() -> read(directory.resolve(name), largest));
    }

    /**
     * The bytes of a policy file, read once.
     *
     * @throws Racing if it was replaced, changed or removed meanwhile
     */
    byte[] read(Path file) throws PolicyException, Racing {
        return read(file, MAX_SIZE);
    }

    private byte[] read(Path file, int largest) throws PolicyException, Racing {
        try {
            Status before = Status.of(file);
            if (before.type() == LINK) {
                throw refuse(file, "is a symbolic link; files here are read without following links, so put the file itself here (a ConfigMap volume is made of links: copy its files)");
            }
            if (before.type() != REGULAR) {
                throw refuse(file, "is not a regular file");
            }
            checkOwner(file, before);
            byte[] content = content(file, largest);
            if (!Status.of(file).equals(before)) {
                throw new Racing(file, "was changed while it was read; try again");
            }
            return content;
        } catch (NoSuchFileException e) {
            throw new Racing(file, "was removed while the directory was read; try again");
        } catch (IOException e) {
            throw refuse(file, "cannot be read: " + e.getMessage());
        }
    }

    private static byte[] content(Path file, int largest) throws IOException, PolicyException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        try (SeekableByteChannel channel = Files.newByteChannel(file,
                Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            while (channel.read(buffer.clear()) >= 0) {
                content.write(buffer.array(), 0, buffer.position());
                if (content.size() > largest) {
                    throw refuse(file, tooLarge(largest));
                }
            }
        }
        return content.toByteArray();
    }

    /** What is wrong with a file of more than so many bytes. */
    static String tooLarge(int largest) {
        return "is larger than " + (largest >> 20) + " MiB, the most that such a file may have";
    }

    private void checkOwner(Path path, Status status) throws PolicyException {
        if (status.uid() != owner) {
            throw refuse(path, "belongs to user " + status.uid() + " and must belong to "
                    + (owner == 0 ? "root" : "user " + owner));
        }
        if ((status.mode() & GROUP_OR_OTHERS_WRITE) != 0) {
            throw refuse(path, "can be written by others than its owner (mode %o); chmod go-w it".formatted(status.mode() & 07777));
        }
    }

    private static PolicyException refuse(Path path, String message) {
        return new PolicyException(List.of(Problem.at(Position.startOf(path.toString()), message)));
    }
}
