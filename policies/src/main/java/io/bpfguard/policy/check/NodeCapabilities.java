package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the kernel of the node can do, as found by trying. Implementations answer the same for as long as they live, but for
 * functions of modules, which come and go.
 */
public interface NodeCapabilities {
    /** The kernel's release, for messages: {@code 6.12.9-amd64}. */
    String kernelRelease();

    /** The LSM hooks that return an int and accept a program, without {@code bpf_lsm_}. */
    Set<String> lsmHooks();

    /** Whether the hook is one of {@link #lsmHooks()}. */
    default boolean hasLsmHook(String name) {
        return lsmHooks().contains(name);
    }

    /** What can be done at the entry of a function. */
    FunctionSupport function(KernelFunction function);

    /** What can be done at the entry of a function of the kernel proper. */
    default FunctionSupport function(String name) {
        return function(new KernelFunction(name));
    }

    /** The parameters of an LSM hook or kernel function; empty where the types are not known. */
    default Optional<List<KernelType.Parameter>> parameters(HookPoint hook) {
        return Optional.empty();
    }

    /**
     * Whether {@link #parameters} has an answer for every hook and function with types. Otherwise this is no real node: conditions are not looked
     * at, and nothing is enforced by what comes of them.
     */
    default boolean knowsParameters() {
        return true;
    }

    /** Names of functions that are not {@link FunctionSupport.Absent}, to find the one that was meant; may be empty. */
    Set<String> functions();

    /** Names of modules that can be loaded, to find the one that was meant; may be empty. */
    Set<String> modules();

    /**
     * Whether programs at functions can be skipped. The kernel does not run such a program on a CPU where it is running already
     * ({@code bpf_prog.active}); a kernel that preempts itself takes the CPU from a task in the middle of a program, and then
     * the next task's call passes. Programs at LSM hooks are never skipped.
     */
    boolean skipsFunctionPrograms();

    /** What is known of a custom program, by the name of its file. */
    default ProgramSupport program(String file) {
        return new ProgramSupport.Refused("cannot be used: no directory of programs is known here");
    }
}
