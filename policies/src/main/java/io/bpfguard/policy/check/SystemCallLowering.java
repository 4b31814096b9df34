package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Problem;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Lowers a system call. The gates come first, because programs at LSM hooks are never skipped and cover both ABIs: the call's
 * number is looked at inside the hooks that it passes. Modify-return on the call's own functions does what the gates leave open,
 * where the node accepts it at all of them and never skips it. What is left can only be killed or reported.
 */
record SystemCallLowering(Lowering.Builder builder) {
    void add(Located<String> name) {
        Optional<SystemCall> call = SystemCalls.named(name.value());
        if (call.isEmpty()) {
            refuse(name, "there is no system call \"" + name.value() + "\""
                    + Nearest.hint(name.value(), SystemCalls.names()));
            return;
        }
        Optional<GatedCall> row = SystemCallGates.of(name.value());
        Optional<Gate> missing = row.flatMap(this::missing);
        if (row.isEmpty() || missing.isPresent()) {
            withoutGates(name, call.get(), missing);
            return;
        }
        boolean closed = !row.get().complete() && builder.action() == Action.DENY && modifyReturn(call.get());
        for (Gate gate : row.get().gates()) {
            hook(gate).ifPresent(hook -> builder.add(new LsmHook(hook), Matcher.SYSTEM_CALL, numbers(row.get()), builder.action(),
                    "lsm/" + hook + " by system call", closed ? "" : row.get().note()));
        }
    }

    private Optional<Gate> missing(GatedCall row) {
        return row.gates().stream().filter(gate -> gate.required() && hook(gate).isEmpty()).findFirst();
    }

    private Optional<String> hook(Gate gate) {
        return gate.hooks().stream().filter(builder.node()::hasLsmHook).findFirst();
    }

    private void withoutGates(Located<String> name, SystemCall call, Optional<Gate> missing) {
        String reason = missing.map(gate -> "the system call " + call.name() + " is caught in the LSM hook "
                + String.join(" or ", gate.hooks()) + ", which the kernel of this node (" + builder.node().kernelRelease() + ") does not have")
                .orElse("the system call " + call.name() + " passes no LSM hook that covers every use of it");
        SystemCallEntries entries = SystemCallEntries.of(call, builder.node());
        Optional<Action> other = builder.action() == Action.DENY ? builder.fallback() : Optional.of(builder.action());
        if (builder.action() == Action.DENY && modifyReturn(call)) {
            return;
        }
        if (entries.functions().isEmpty()) {
            refuse(name, reason + ", and the kernel of this node (" + builder.node().kernelRelease()
                    + ") has no function for it at which a program can stand, so this node cannot " + builder.word() + " it; a rule on what it does (files, mounts, capabilities, lsmHooks) may");
        } else if (other.isEmpty()) {
            refuse(name, reason + ", and modify-return does not cover it on this node (" + builder.node().kernelRelease() + "): "
                    + whyNoModifyReturn(entries)
                    + "; so this node cannot deny it: write fallback: kill or fallback: audit to have callers killed or reported, possibly after the effect,"
                    + " or rule on what it does (files, mounts, capabilities, lsmHooks)");
        } else {
            trace(entries, other.get());
        }
    }

    private void trace(SystemCallEntries entries, Action action) {
        String note = builder.action() == Action.DENY ? "This node cannot deny this call; the rule's fallback is used. " : "";
        String unseen = entries.unseen().isEmpty() ? "" : "Not seen: " + String.join("; ", entries.unseen()) + ". ";
        for (KernelFunction function : entries.functions()) {
            new FunctionLowering(builder).trace(function, action, note + unseen);
        }
    }

    /** Denies in the call's own functions, if the node does that, always, at all of them. */
    private boolean modifyReturn(SystemCall call) {
        SystemCallEntries entries = SystemCallEntries.of(call, builder.node());
        if (entries.functions().isEmpty() || !whyNoModifyReturn(entries).isEmpty()) {
            return false;
        }
        for (KernelFunction function : entries.functions()) {
            builder.add(function, Matcher.ALWAYS, new Subject.Always(), Action.DENY, "fmod_ret/" + function.label(), "");
        }
        return true;
    }

    /** Empty where it does. */
    private String whyNoModifyReturn(SystemCallEntries entries) {
        List<String> refusing = entries.functions().stream().map(KernelFunction::kernelName)
                .filter(function -> !(builder.node().function(function) instanceof FunctionSupport.Deniable)).toList();
        if (!refusing.isEmpty()) {
            return "the kernel does not accept it at " + String.join(" and ", refusing);
        }
        if (!entries.unseen().isEmpty()) {
            return String.join("; ", entries.unseen());
        }
        return builder.node().skipsFunctionPrograms()
                ? "the kernel preempts itself and then skips such programs now and then, so some calls would get through" : "";
    }

    private static Subject.SystemCalls numbers(GatedCall row) {
        SystemCall call = SystemCalls.named(row.name()).orElseThrow();
        Set<Integer> numbers64 = new HashSet<>();
        call.number64().ifPresent(numbers64::add);
        call.numberX32().ifPresent(numbers64::add);
        Set<Integer> numbers32 = new HashSet<>();
        Stream.concat(Stream.of(call), row.only32().stream().map(name -> SystemCalls.named(name).orElseThrow()))
                .forEach(one -> one.number32().ifPresent(numbers32::add));
        return new Subject.SystemCalls(numbers64, numbers32);
    }

    private void refuse(Located<String> name, String message) {
        builder.refuse(Problem.at(name.at(), message));
    }
}
