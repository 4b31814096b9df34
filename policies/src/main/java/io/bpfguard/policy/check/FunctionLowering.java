package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.model.Condition;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Lowers a kernel function to a program at its entry, or at the LSM hook that it is made of.
 *
 * @param conditions on the arguments; all of them hold
 */
record FunctionLowering(Lowering.Builder builder, List<Condition> conditions) {
    static final String KILL_NOTE = "The process gets SIGKILL, possibly after the function has had its effect: kill is not deny.";
    static final String SKIP_NOTE = "This kernel preempts itself and then skips programs at functions now and then; bpfguard status counts the misses.";
    static final String CALLER_NOTE = "Calls are judged by the task they run in; kernel threads belong to no container.";
    private static final String MODULE_REASON = "kernels do not let functions of modules be replaced, and kill would act after the effect";
    private static final String SECURITY = "security_";
    /** Functions of the security layer whose hook has another name than theirs. */
    private static final Map<String, String> HOOK_OF = Map.of("create_user_ns", "userns_create", "bprm_check", "bprm_check_security",
            "sock_rcv_skb", "socket_sock_rcv_skb", "vm_enough_memory_mm", "vm_enough_memory", "transfer_creds", "cred_transfer");

    /** A function by the name that programs are attached by, and what can be done there. */
    record Place(KernelFunction function, FunctionSupport support) {
        static Place of(KernelFunction function, NodeCapabilities node) {
            FunctionSupport support = node.function(function);
            if (support instanceof FunctionSupport.SameAs(String other)) {
                KernelFunction same = new KernelFunction(function.module(), other);
                return new Place(same, node.function(same));
            }
            return new Place(function, support);
        }
    }

    void add(Located<String> name, String module) {
        if (!module.isEmpty() && !conditions.isEmpty()) {
            builder.refuse(Problem.at(conditions.getFirst().argument().at(),
                    "functions of modules cannot have conditions: the types of their arguments are the module's own, which are not read"));
            return;
        }
        Place place = Place.of(new KernelFunction(module, name.value()), builder.node());
        KernelFunction function = place.function();
        FunctionSupport support = place.support();
        switch (support) {
            case FunctionSupport.Traceable _, FunctionSupport.Deniable _ -> attach(name, function, support);
            case FunctionSupport.Waiting _ -> await(name, function);
            default -> refuse(name, whyNot(function, support));
        }
    }

    private void attach(Located<String> name, KernelFunction function, FunctionSupport support) {
        Optional<LsmHook> hook = hookOf(function);
        Optional<Action> fallback = builder.fallback();
        if (builder.action().compareTo(Action.DENY) >= 0 && hook.isPresent()) {
            add(hook.get(), builder.action(), "lsm/" + hook.get().kernelName(), "Judged at the LSM hook, which is what the function calls.");
        } else if (builder.action() != Action.DENY) {
            trace(function, builder.action(), "");
        } else if (canDeny(function, support)) {
            add(function, Action.DENY, "fmod_ret/" + function.label(), CALLER_NOTE);
        } else if (fallback.isPresent()) {
            trace(function, fallback.get(), "This node cannot deny here; the rule's fallback is used. ");
        } else {
            refuse(name, "the kernel of this node (" + builder.node().kernelRelease() + ") cannot deny in " + function.label() + ": "
                    + whyNoDeny(function, support) + "; " + alternatives(function));
        }
    }

    /** A program at a hook or function, for the calls that meet the conditions. */
    private void add(HookPoint point, Action action, String mechanism, String note) {
        new ConditionLowering(builder).subject(point, conditions).ifPresent(subject -> builder.add(point, Lowering.Builder.matcher(subject),
                subject, action, mechanism + Lowering.Builder.suffix(subject), note));
    }

    /** A module that is not loaded: programs are attached when it is, and until then nothing can call the function. */
    private void await(Located<String> name, KernelFunction function) {
        Optional<Action> action = builder.action() == Action.DENY ? builder.fallback() : Optional.of(builder.action());
        action.ifPresentOrElse(done -> builder.await(new Lowering.Waiting(function, done)),
                () -> refuse(name, "deny is not possible in " + function.label() + ": " + MODULE_REASON + "; " + alternatives(function)));
    }

    /**
     * A hook that no program can answer for: its function in the security layer can be watched, and the caller killed, where
     * the rule asks for no more, or accepts no more as fallback.
     */
    void insteadOfHook(Located<String> name, String reason) {
        KernelFunction function = new KernelFunction(SECURITY + name.value());
        Optional<Action> action = builder.action() == Action.DENY ? builder.fallback() : Optional.of(builder.action());
        FunctionSupport support = builder.node().function(function);
        boolean possible = HookRules.isWatchable(name.value())
                && (support instanceof FunctionSupport.Traceable || support instanceof FunctionSupport.Deniable);
        if (action.isPresent() && possible) {
            trace(function, action.get(), "Watched at " + function.kernelName() + ": " + reason + ".");
        } else {
            refuse(name, reason + (possible ? "; with fallback: kill or fallback: audit a program can stand at " + function.kernelName()
                    + ", where calls are seen and cannot be prevented" : ""));
        }
    }

    /** Sees each call that meets the conditions, and kills or reports. */
    private void trace(KernelFunction function, Action action, String note) {
        new ConditionLowering(builder).subject(function, conditions).ifPresent(subject -> trace(builder, function, subject, action, note));
    }

    /** Sees each call that a subject is about, and kills or reports. */
    static void trace(Lowering.Builder builder, KernelFunction function, Subject subject, Action action, String note) {
        List<String> notes = new ArrayList<>();
        if (!note.isEmpty()) {
            notes.add(note.strip());
        }
        if (action == Action.KILL) {
            notes.add(KILL_NOTE);
        }
        if (builder.node().skipsFunctionPrograms()) {
            notes.add(SKIP_NOTE);
        }
        if (!function.module().isEmpty()) {
            notes.add("While the rule is in force the module cannot be unloaded.");
        }
        notes.add(CALLER_NOTE);
        builder.add(function, Lowering.Builder.matcher(subject), subject, action,
                "fentry/" + function.label() + " " + action.name().toLowerCase(Locale.ROOT) + Lowering.Builder.suffix(subject),
                String.join(" ", notes));
    }

    /** The hook that a function of the security layer consists of, where a rule can stand at it. */
    private Optional<LsmHook> hookOf(KernelFunction function) {
        return calledBy(function).filter(hook -> HookRules.refusal(hook.kernelName(), builder.node()).isEmpty());
    }

    /** The hook that a function of the security layer calls. */
    static Optional<LsmHook> calledBy(KernelFunction function) {
        if (!function.module().isEmpty() || !function.kernelName().startsWith(SECURITY)) {
            return Optional.empty();
        }
        String rest = function.kernelName().substring(SECURITY.length());
        return Optional.of(new LsmHook(HOOK_OF.getOrDefault(rest, rest)));
    }

    /** The functions of the security layer that call a hook, as far as their names tell. */
    static Stream<KernelFunction> callersOf(LsmHook hook) {
        return Stream.concat(Stream.of(hook.kernelName()),
                HOOK_OF.entrySet().stream().filter(entry -> entry.getValue().equals(hook.kernelName())).map(Map.Entry::getKey))
                .map(name -> new KernelFunction(SECURITY + name));
    }

    /** Whether a program at the function can prevent each call. */
    boolean canDeny(KernelFunction function, FunctionSupport support) {
        return support instanceof FunctionSupport.Deniable && function.module().isEmpty() && !builder.node().skipsFunctionPrograms();
    }

    /** Why it cannot. */
    String whyNoDeny(KernelFunction function, FunctionSupport support) {
        if (!function.module().isEmpty()) {
            return MODULE_REASON;
        }
        return support instanceof FunctionSupport.Deniable
                ? "it accepts modify-return there, but it preempts itself and then skips such programs now and then, so some calls would get through"
                : "the function is not error-injectable, and kill would act after the effect";
    }

    private String alternatives(KernelFunction function) {
        return "write fallback: kill or fallback: audit to accept that, or "
                + FunctionGates.advice(function, builder.node())
                        .orElse("deny what it does at a hook that the call passes, if there is one (files, mounts, systemCalls, lsmHooks)");
    }

    /** Why no program can stand there. */
    String whyNot(KernelFunction function, FunctionSupport support) {
        String kernel = "the kernel of this node (" + builder.node().kernelRelease() + ")";
        String name = function.kernelName();
        String module = function.module();
        String instead = FunctionGates.advice(function, builder.node()).map(advice -> "; " + advice).orElse("");
        return switch (support) {
            case FunctionSupport.Absent _ when module.isEmpty() -> kernel + " has no function " + name
                    + ": it was inlined everywhere, renamed, or is in a module, which the rule then has to name (module: NAME)"
                    + Nearest.hint(name, builder.node().functions()) + instead;
            case FunctionSupport.Absent _ -> "the module " + module + " of " + kernel + " has no function " + name
                    + ": it was inlined everywhere, renamed, or is not in this module" + instead;
            case FunctionSupport.Suffixed(var symbols) -> "the function " + name + " is in " + kernel + " only as "
                    + String.join(" and ", symbols)
                    + ", which the compiler made of it: no program can be attached there by BTF, and its arguments need not be those of the source"
                    + instead;
            case FunctionSupport.WithoutTypes _ -> "the function " + name + " is in " + kernel
                    + ", but not in its BTF, so no program can be attached to it" + instead;
            case FunctionSupport.Forbidden(var reason) -> kernel + " allows no programs at " + name + ": " + reason + instead;
            case FunctionSupport.InModule(var owner) -> "the function " + name + " is in the module " + owner
                    + "; write module: " + owner + " into the rule, which then also holds when the module is loaded later";
            case FunctionSupport.NoSuchModule _ -> "this node has no module " + module + " for " + kernel
                    + Nearest.hint(module, builder.node().modules());
            case FunctionSupport.Traceable _, FunctionSupport.Deniable _, FunctionSupport.Waiting _, FunctionSupport.SameAs _ ->
                throw new IllegalArgumentException(support + " is no reason");
        };
    }

    private void refuse(Located<String> name, String message) {
        builder.refuse(Problem.at(name.at(), message));
    }
}
