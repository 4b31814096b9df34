package io.bpfguard.policy.compile;

/** A state file that cannot be used; the message says why, as the end of a sentence about the file. */
public final class StateFileException extends Exception {
    private static final long serialVersionUID = 1;

    StateFileException(String message) {
        super(message);
    }
}
