package io.bpfguard.install;

/**
 * Something about a registered hook that an administrator should know.
 *
 * @param severity what it does to the hook
 * @param what what is so
 * @param remedy what to do
 */
public record Finding(Severity severity, String what, String remedy) {
    /** What a finding does to the hook. */
    public enum Severity {
        /** The runtime does not run the hook, or not as it should. */
        ERROR,
        /** The hook runs, but perhaps not for everything that is expected. */
        WARNING
    }

    static Finding error(String what, String remedy) {
        return new Finding(Severity.ERROR, what, remedy);
    }

    static Finding warning(String what, String remedy) {
        return new Finding(Severity.WARNING, what, remedy);
    }
}
