package io.bpfguard.bpf.libbpf;

/**
 * A file descriptor that this process owns. {@link #close()} is idempotent and may race with another {@code close()}, but not with a use of the number:
 * the kernel hands a closed number out again at once.
 */
public final class Fd implements AutoCloseable {
    private int number;

    Fd(int number) {
        this.number = number;
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
