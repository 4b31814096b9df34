package io.bpfguard.policy.compile;

/** The tables of a set of rules go over a bound. */
final class TooLargeException extends Exception {
    private final String advice;

    /** An automaton of globs. */
    TooLargeException(String message) {
        this(message, "use fewer stars in the middle of globs, or fewer globs");
    }

    /**
     * Any table.
     *
     * @param advice what a rule with a large share can do about it
     */
    TooLargeException(String message, String advice) {
        super(message);
        this.advice = advice;
    }

    String advice() {
        return advice;
    }
}
