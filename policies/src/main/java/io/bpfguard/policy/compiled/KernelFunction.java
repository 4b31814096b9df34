package io.bpfguard.policy.compiled;

import java.util.Objects;

/**
 * The entry of a kernel function, by its name in the kernel's BTF.
 *
 * @param kernelName the function's name
 */
public record KernelFunction(String kernelName) implements HookPoint {
    public KernelFunction {
        Objects.requireNonNull(kernelName, "kernelName is null");
    }
}
