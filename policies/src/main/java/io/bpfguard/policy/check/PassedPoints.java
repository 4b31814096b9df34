package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.model.Abi;
import io.bpfguard.policy.model.Nearest;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The places that a deed comes by, for asking what policies say of it: from the same tables as the places of rules. */
public final class PassedPoints {
    private static final String X32 = "__x64_compat_sys_";

    private PassedPoints() {}

    /** The hooks for an operation on a file; each way to do it passes one of them. */
    public static List<LsmHook> ofFile(PathOperation operation, NodeCapabilities node) {
        return FileHooks.of(operation).stream().flatMap(gate -> gate.hooks().stream().filter(node::hasLsmHook).limit(1)).map(LsmHook::new).toList();
    }

    /** The functions at which a system call begins. */
    public static List<KernelFunction> entries(SystemCall call, boolean compat, NodeCapabilities node) {
        return SystemCallEntries.of(call, Set.of(compat ? Abi.BITS_32 : Abi.BITS_64), node).functions().stream()
                .filter(function -> !function.kernelName().startsWith(X32)).toList();
    }

    /** What is called where a hook or function is: itself, and the function of the security layer that a hook is in. */
    public static Set<HookPoint> ofCall(HookPoint point, NodeCapabilities node) {
        Set<HookPoint> points = new LinkedHashSet<>(Set.of(point));
        switch (point) {
            case KernelFunction function -> {
                FunctionLowering.calledBy(function).ifPresent(points::add);
                sameCode(function, node).ifPresent(points::add);
            }
            case LsmHook hook -> FunctionLowering.callersOf(hook)
                    .flatMap(function -> Stream.concat(Stream.of(function), sameCode(function, node).stream())).forEach(points::add);
            default -> throw new IllegalArgumentException("nobody calls " + point);
        }
        return points;
    }

    private static Optional<KernelFunction> sameCode(KernelFunction function, NodeCapabilities node) {
        return node.function(function) instanceof FunctionSupport.SameAs(String other)
                ? Optional.of(new KernelFunction(function.module(), other)) : Optional.empty();
    }

    /** Why nobody can call a hook or function on a node; empty where it is there. */
    public static Optional<String> absence(HookPoint point, NodeCapabilities node) {
        String kernel = "the kernel of this node (" + node.kernelRelease() + ") has no ";
        return switch (point) {
            case LsmHook(String name) when !node.hasLsmHook(name) && !HookRules.isWatchable(name) ->
                Optional.of(kernel + "LSM hook " + name + " that a program can be attached to" + Nearest.hint(name, node.lsmHooks()));
            case KernelFunction function -> switch (node.function(function)) {
                case FunctionSupport.Absent _ -> Optional.of(kernel + "function " + function.label() + Nearest.hint(function.kernelName(), node.functions()));
                case FunctionSupport.NoSuchModule _ -> Optional.of(kernel + "module " + function.module() + Nearest.hint(function.module(), node.modules()));
                case FunctionSupport.InModule(String module) ->
                    Optional.of("the function " + function.kernelName() + " is in the module " + module + "; write module: " + module);
                default -> Optional.empty();
            };
            default -> Optional.empty();
        };
    }
}
