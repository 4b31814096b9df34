package io.bpfguard.bpf.routing;

/** Something about the kernel's state stands in the way; the message says what to do. */
public class RoutingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What stands in the way. */
    public RoutingException(String message) {
        super(message);
    }
}
