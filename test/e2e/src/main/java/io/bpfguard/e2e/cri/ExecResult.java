package io.bpfguard.e2e.cri;

/** How a session in a container ended, or that the runtime could not start its command ({@code failure} not empty). */
public record ExecResult(int exitCode, String stdout, String stderr, String failure) {
    /** The status that a shell would give to a command that could not be executed. */
    public static final int NOT_EXECUTED = 126;

    public boolean started() {
        return failure.isEmpty();
    }

    @Override
    public String toString() {
        return started() ? "exit " + exitCode + quoted(stdout) + quoted(stderr) : "not started: " + failure;
    }

    private static String quoted(String text) {
        return text.isBlank() ? "" : " '" + text.strip() + "'";
    }
}
