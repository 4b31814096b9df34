package io.bpfguard.bpf.routing;

/** One of the kernel's tables has no free slot. */
final class NoRoom extends RoutingException {
    private static final long serialVersionUID = 1;

    NoRoom(String message) {
        super(message);
    }
}
