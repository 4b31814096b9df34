package io.bpfguard.bpf.libbpf;

/** The kernel's verifier refused a program; {@link #log()} is its reasoning, and the message carries the end of it. */
public final class VerifierRejected extends BpfException {
    private static final int SHOWN_LINES = 25;

    private final String program;
    private final String log;

    VerifierRejected(String operation, int errno, String program, String log) {
        super(operation, errno, "the verifier rejected program " + program + ":\n" + tail(log));
        this.program = program;
        this.log = log;
    }

    private static String tail(String log) {
        String[] lines = log.strip().split("\n");
        StringBuilder text = new StringBuilder();
        for (int i = Math.max(0, lines.length - SHOWN_LINES); i < lines.length; i++) {
            text.append("  ").append(lines[i]).append('\n');
        }
        return text.toString().stripTrailing();
    }

    /** The name of the rejected program. */
    public String program() {
        return program;
    }

    /** The verifier's whole log, as the kernel wrote it. */
    public String log() {
        return log;
    }
}
