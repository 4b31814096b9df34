package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.model.Rule;
import java.util.Locale;

/** Lowers a kernel function to a program at its entry. */
record FunctionLowering(Lowering.Builder builder, Rule.KernelFunctions rule) {
    private static final String KILL_NOTE = "The process gets SIGKILL, possibly after the function has had its effect: kill is not deny.";
    private static final String CALLER_NOTE = "Calls are judged by the task they run in; kernel threads belong to no container.";

    void add(Located<String> name) {
        String release = builder.node().kernelRelease();
        FunctionSupport support = builder.node().function(name.value());
        switch (support) {
            case ABSENT -> refuse(name, "the kernel of this node (" + release + ") has no function " + name.value()
                    + ": it was inlined, renamed, or is in a module that is not loaded"
                            + Nearest.hint(name.value(), builder.node().functions()));
            case NOT_TRACEABLE -> refuse(name, "the function " + name.value() + " is in the kernel of this node ("
                    + release
                    + "), but not in its BTF, so no program can be attached to it");
            case TRACEABLE, DENIABLE -> new ConditionLowering(builder).subject(new KernelFunction(name.value()), rule.conditions())
                    .ifPresent(subject -> attach(name, support, subject));
        }
    }

    private void attach(Located<String> name, FunctionSupport support, Subject subject) {
        KernelFunction function = new KernelFunction(name.value());
        if (builder.action() != Action.DENY) {
            trace(function, subject, builder.action(), "");
        } else if (support == FunctionSupport.DENIABLE) {
            builder.add(function, Lowering.Builder.matcher(subject), subject, Action.DENY, "fmod_ret/" + name.value() + Lowering.Builder.suffix(subject),
                    CALLER_NOTE);
        } else if (rule.fallback().isPresent()) {
            trace(function, subject, rule.fallback().get().value(), "This node cannot deny here; the rule's fallback is used. ");
        } else {
            refuse(name, "the kernel of this node (" + builder.node().kernelRelease() + ") cannot deny in "
                    + name.value()
                    + ": the function is not error-injectable, and kill would act after the effect; write fallback: kill or"
                    + " fallback: audit to accept that, or deny it by a hook it passes (files, mounts, systemCalls, lsmHooks)");
        }
    }

    private void trace(KernelFunction function, Subject subject, Action action, String note) {
        builder.add(function, Lowering.Builder.matcher(subject), subject, action,
                "fentry/" + function.kernelName() + " " + action.name().toLowerCase(Locale.ROOT) + Lowering.Builder.suffix(subject),
                note + (action == Action.KILL ? KILL_NOTE + " " : "") + CALLER_NOTE);
    }

    private void refuse(Located<String> name, String message) {
        builder.refuse(Problem.at(name.at(), message));
    }
}
