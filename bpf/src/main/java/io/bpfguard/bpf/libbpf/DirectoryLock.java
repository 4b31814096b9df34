package io.bpfguard.bpf.libbpf;

import java.nio.file.Path;

/**
 * The flock(2) of a directory, which Java cannot open. It belongs to this object and not to the process, so two objects of one process
 * exclude each other as well; the kernel gives it up when its holder dies, however that happens. Not thread-safe.
 */
public final class DirectoryLock implements AutoCloseable {
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    private static final int LOCK_UN = 8;

    private final Path directory;
    private final Fd fd;

    private DirectoryLock(Path directory, Fd fd) {
        this.directory = directory;
        this.fd = fd;
    }

    /**
     * Opens a directory, to lock it.
     *
     * @throws NotFound if there is none
     */
    public static DirectoryLock open(Path directory) {
        return new DirectoryLock(directory, new Fd(Kernel.openDirectory(directory)));
    }

    /** The descriptor's number. */
    public int number() {
        return fd.number();
    }

    /** Takes the lock, if nobody else has it. */
    public boolean tryLock() {
        int result;
        do {
            result = Kernel.flock(fd.number(), LOCK_EX | LOCK_NB);
        } while (result == -Errno.EINTR);
        if (result < 0 && result != -Errno.EAGAIN) {
            throw BpfException.of("locking the directory " + directory, -result, "");
        }
        return result == 0;
    }

    /** Gives the lock up. */
    public void unlock() {
        Kernel.flock(fd.number(), LOCK_UN);
    }

    /** Gives the lock up, and the descriptor. */
    @Override
    public void close() {
        fd.close();
    }
}
