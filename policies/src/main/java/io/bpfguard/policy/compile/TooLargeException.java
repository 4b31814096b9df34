package io.bpfguard.policy.compile;

/** The automaton of a set of globs goes over a bound. */
final class TooLargeException extends Exception {
    TooLargeException(String message) {
        super(message);
    }
}
