package io.bpfguard.install;

/** The hook cannot be registered or looked at; nothing was changed, unless the message says so. The message says what to do. */
public final class InstallException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What is wrong, and what to do. */
    public InstallException(String message) {
        super(message);
    }
}
