package io.bpfguard.policy.compiled;

import java.util.Objects;

/**
 * The entry of a kernel function, for one custom program: there is no chain of programs at a function, so each has a place of its own.
 *
 * @param function where it is
 * @param prevents whether the program is attached so that it can prevent the call
 * @param program what runs there
 */
public record FunctionProgram(KernelFunction function, boolean prevents, CustomProgram program) implements HookPoint {
    public FunctionProgram {
        Objects.requireNonNull(function, "function is null");
        Objects.requireNonNull(program, "program is null");
    }

    @Override
    public String kernelName() {
        return function.kernelName();
    }
}
