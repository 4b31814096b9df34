package io.bpfguard.state;

/** What is on disk cannot be used; the message says what, and what to do. */
public final class StateException extends Exception {
    private static final long serialVersionUID = 1;

    StateException(String message) {
        super(message);
    }
}
