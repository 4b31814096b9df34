package io.bpfguard.bpf.libbpf;

import java.util.Objects;

/**
 * A call into the kernel or libbpf that failed. The message says what was tried and on what, what happened, and what to do about it. The subclasses are
 * the failures a caller may want to branch on.
 */
public sealed class BpfException extends RuntimeException permits AlreadyExists, BpfUnavailable, MapFull, NotFound, PermissionDenied, VerifierRejected {
    private final String operation;
    private final int errno;

    BpfException(String operation, int errno, String advice) {
        this(operation, errno, advice, null);
    }

    BpfException(String operation, int errno, String advice, Throwable cause) {
        super(message(operation, errno, advice), cause);
        this.operation = Objects.requireNonNull(operation, "operation is null");
        this.errno = errno;
    }

    /** The exception that fits an error number. {@code errno} is positive; {@code advice} may be empty. */
    static BpfException of(String operation, int errno, String advice) {
        return switch (errno) {
            case Errno.EPERM, Errno.EACCES -> new PermissionDenied(operation, errno, advice);
            case Errno.ENOENT -> new NotFound(operation, errno, advice);
            case Errno.EEXIST -> new AlreadyExists(operation, errno, advice);
            default -> new BpfException(operation, errno, advice);
        };
    }

    private static String message(String operation, int errno, String advice) {
        StringBuilder text = new StringBuilder(operation).append(" failed");
        if (errno != 0) {
            text.append(": ").append(Errno.describe(errno));
        }
        if (!advice.isEmpty()) {
            text.append(": ").append(advice);
        }
        return text.toString();
    }

    /** What was tried, and on what. */
    public String operation() {
        return operation;
    }

    /** The positive error number, or 0 where the failure has none (a missing library). */
    public int errno() {
        return errno;
    }

    /** The symbolic name of {@link #errno()}, such as {@code EPERM}. */
    public String errnoName() {
        return Errno.name(errno);
    }
}
