package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.HookPoint;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the kernel of the node can do, as found by trying. Implementations answer the same for as long as they live. */
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
    FunctionSupport function(String name);

    /** The parameters of an LSM hook or kernel function; empty where the types are not known. */
    default Optional<List<KernelType.Parameter>> parameters(HookPoint hook) {
        return Optional.empty();
    }

    /** Names of functions that are not {@link FunctionSupport#ABSENT}, to find the one that was meant; may be empty. */
    Set<String> functions();
}
