package io.bpfguard.agent;

/** The agent cannot do its work on this node; the message says what is missing and what to do. */
public final class AgentException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What is missing, and what to do. */
    public AgentException(String message) {
        super(message);
    }
}
