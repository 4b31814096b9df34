package io.bpfguard.policy.compiled;

/** A place in the kernel where a chain can run. */
public sealed interface HookPoint permits LsmHook, KernelFunction, FunctionProgram {
    /** The name of the LSM hook or of the kernel function. */
    String kernelName();
}
