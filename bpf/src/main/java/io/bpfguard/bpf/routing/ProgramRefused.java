package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfException;
import io.bpfguard.policy.compiled.CustomProgram;

/** The kernel does not accept a custom program; the message has the verifier's words where it was the verifier. */
public final class ProgramRefused extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient CustomProgram program;

    ProgramRefused(CustomProgram program, BpfException cause) {
        super("the kernel does not accept the program " + program.name() + ": " + cause.getMessage(), cause);
        this.program = program;
    }

    /** The program. */
    public CustomProgram program() {
        return program;
    }
}
