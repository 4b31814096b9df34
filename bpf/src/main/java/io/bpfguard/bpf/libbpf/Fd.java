package io.bpfguard.bpf.libbpf;

/**
 * A file descriptor that this process owns. {@link #close()} is idempotent and may race with another {@code close()}, but not with a use of the number:
 * the kernel hands a closed number out again at once.
 */
public final class Fd implements AutoCloseable {
    static final int F_DUPFD_CLOEXEC = 1030;

    private int number;

    Fd(int number) {
        this.number = number;
    }

    /** A second descriptor for what {@code fd} refers to, closed on its own. */
    static Fd duplicate(int fd) {
        int result = Kernel.fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (result < 0) {
            throw BpfException.of("duplicating file descriptor " + fd, -result, "");
        }
        return new Fd(result);
    }

    /**
     * The number, valid until {@link #close()}.
     *
     * @throws IllegalStateException if closed
     */
    public synchronized int number() {
        if (number < 0) {
            throw new IllegalStateException("file descriptor is closed");
        }
        return number;
    }

    @Override
    public void close() {
        int closing = release();
        if (closing >= 0) {
            Kernel.close(closing);
        }
    }

    /** Gives the number up without closing it; -1 if it was given up before. */
    synchronized int release() {
        int released = number;
        number = -1;
        return released;
    }
}
