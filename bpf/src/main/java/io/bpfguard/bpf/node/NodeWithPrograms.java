package io.bpfguard.bpf.node;

import io.bpfguard.policy.check.FunctionSupport;
import io.bpfguard.policy.check.KernelType;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.check.ProgramSupport;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A node's kernel and one look at its custom programs.
 *
 * @param kernel answers all other questions
 * @param directory where the programs are
 */
public record NodeWithPrograms(NodeCapabilities kernel, ProgramDirectory directory) implements NodeCapabilities {
    @Override
    public String kernelRelease() {
        return kernel.kernelRelease();
    }

    @Override
    public Set<String> lsmHooks() {
        return kernel.lsmHooks();
    }

    @Override
    public boolean hasLsmHook(String name) {
        return kernel.hasLsmHook(name);
    }

    @Override
    public FunctionSupport function(KernelFunction function) {
        return kernel.function(function);
    }

    @Override
    public Optional<List<KernelType.Parameter>> parameters(HookPoint hook) {
        return kernel.parameters(hook);
    }

    @Override
    public boolean knowsParameters() {
        return kernel.knowsParameters();
    }

    @Override
    public Set<String> functions() {
        return kernel.functions();
    }

    @Override
    public Set<String> modules() {
        return kernel.modules();
    }

    @Override
    public boolean skipsFunctionPrograms() {
        return kernel.skipsFunctionPrograms();
    }

    @Override
    public ProgramSupport program(String file) {
        return directory.program(file);
    }
}
