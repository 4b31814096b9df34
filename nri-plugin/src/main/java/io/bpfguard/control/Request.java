package io.bpfguard.control;

/**
 * What is asked.
 *
 * @param version of this protocol: {@value #VERSION}
 * @param ask status, or reload
 */
public record Request(int version, String ask) {
    /** Agents refuse others. */
    public static final int VERSION = 1;
    /** An {@link AgentStatus}. */
    public static final String STATUS = "status";
    /** Reads the policies again, then an {@link AgentStatus}. */
    public static final String RELOAD = "reload";
}
