package io.bpfguard.policy.compiled;

import java.util.Objects;

/**
 * The entry of a kernel function, by its name in the kernel's BTF.
 *
 * @param module the module that the function is in; empty for the kernel proper
 * @param kernelName the function's name
 */
public record KernelFunction(String module, String kernelName) implements HookPoint {
    public KernelFunction {
        Objects.requireNonNull(module, "module is null");
        Objects.requireNonNull(kernelName, "kernelName is null");
    }

    /** A function of the kernel proper. */
    public KernelFunction(String kernelName) {
        this("", kernelName);
    }

    /** For people and for the names of hooks: {@code path_mount}, {@code nf_tables:nf_tables_newrule}. */
    public String label() {
        return module.isEmpty() ? kernelName : module + ":" + kernelName;
    }

    /** The function with this {@linkplain #label() label}. */
    public static KernelFunction of(String label) {
        int colon = label.indexOf(':');
        return colon < 0 ? new KernelFunction(label) : new KernelFunction(label.substring(0, colon), label.substring(colon + 1));
    }
}
