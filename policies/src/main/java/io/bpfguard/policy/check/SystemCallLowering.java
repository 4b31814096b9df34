package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.model.Abi;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.model.Rule;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Lowers a system call. The gates come first, because programs at LSM hooks are never skipped and cover both ABIs: the call's
 * number, and its arguments, are looked at inside the hooks that it passes. Modify-return on the call's own functions does what
 * the gates leave open, where the node accepts it at all of them and never skips it. What is left can only be killed or reported.
 */
record SystemCallLowering(Lowering.Builder builder) {
    /**
     * A call that a rule names.
     *
     * @param only32 names under which 32-bit programs reach the same code
     * @param numbers64 by which 64-bit and x32 programs make it, as far as the rule is about them
     * @param numbers32 likewise for 32-bit programs
     */
    record Call(Located<String> name, SystemCall call, List<String> only32, Rule.SystemCalls rule, Set<Integer> numbers64,
            Set<Integer> numbers32) {
        /** Whether the rule is about every way to make the call. */
        private boolean isWhole() {
            return rule.conditions().isEmpty() && rule.abis().containsAll(Set.of(Abi.values()));
        }
    }

    void add(Rule.SystemCalls rule) {
        rule.names().forEach(name -> add(name, rule));
    }

    private void add(Located<String> name, Rule.SystemCalls rule) {
        Optional<SystemCall> known = SystemCalls.named(name.value());
        if (known.isEmpty()) {
            refuse(name, "there is no system call \"" + name.value() + "\""
                    + Nearest.hint(name.value(), SystemCalls.names()));
            return;
        }
        Optional<GatedCall> row = SystemCallGates.of(name.value());
        Call call = call(name, row.map(gated -> SystemCalls.named(gated.name()).orElseThrow()).orElse(known.get()),
                row.map(GatedCall::only32).orElse(List.of()), rule);
        if (call.numbers64().isEmpty() && call.numbers32().isEmpty()) {
            refuse(name, "no " + rule.abis().iterator().next().word() + "-bit program can make the system call " + name.value());
            return;
        }
        List<Subject> conditional = rule.conditions().isEmpty() ? List.of() : new RegisterLowering(builder, call).subjects();
        if (!rule.conditions().isEmpty() && conditional.isEmpty()) {
            return;
        }
        Optional<Gate> missing = row.flatMap(this::missing);
        if (row.isEmpty() || missing.isPresent()) {
            withoutGates(call, missing, atEntries(call, conditional));
            return;
        }
        boolean closed = !row.get().complete() && builder.action() == Action.DENY && modifyReturn(call, atEntries(call, conditional));
        String note = closed ? "" : row.get().note();
        for (Gate gate : row.get().gates()) {
            hook(gate).ifPresent(hook -> addGate(call, hook, conditional, note));
        }
    }

    private static Call call(Located<String> name, SystemCall call, List<String> only32, Rule.SystemCalls rule) {
        Set<Integer> numbers64 = new HashSet<>();
        Set<Integer> numbers32 = new HashSet<>();
        if (rule.abis().contains(Abi.BITS_64)) {
            call.numbers64().forEach(numbers64::add);
        }
        if (rule.abis().contains(Abi.BITS_32)) {
            Stream.concat(Stream.of(call), only32.stream().map(other -> SystemCalls.named(other).orElseThrow()))
                    .forEach(one -> one.number32().ifPresent(numbers32::add));
        }
        return new Call(name, call, only32, rule, numbers64, numbers32);
    }

    private void addGate(Call call, String hook, List<Subject> conditional, String note) {
        if (conditional.isEmpty()) {
            builder.add(new LsmHook(hook), Matcher.SYSTEM_CALL, new Subject.SystemCalls(call.numbers64(), call.numbers32()), builder.action(),
                    "lsm/" + hook + " by system call", note);
        }
        conditional.forEach(subject -> builder.add(new LsmHook(hook), Matcher.ARGUMENTS, subject, builder.action(),
                "lsm/" + hook + " by system call and arguments", note));
    }

    /** What the programs at the call's own functions look for. */
    private static List<Subject> atEntries(Call call, List<Subject> conditional) {
        if (!conditional.isEmpty()) {
            return conditional;
        }
        // One function may serve both ABIs.
        return List.of(call.isWhole() ? new Subject.Always()
                : new Subject.Arguments(Map.of(Extractor.SYSTEM_CALL, Stream.concat(RegisterLowering.numbers(call.numbers64(), Abi.BITS_64),
                        RegisterLowering.numbers(call.numbers32(), Abi.BITS_32)).toList())));
    }

    private Optional<Gate> missing(GatedCall row) {
        return row.gates().stream().filter(gate -> gate.required() && hook(gate).isEmpty()).findFirst();
    }

    private Optional<String> hook(Gate gate) {
        return gate.hooks().stream().filter(builder.node()::hasLsmHook).findFirst();
    }

    private void withoutGates(Call call, Optional<Gate> missing, List<Subject> subjects) {
        String name = call.call().name();
        String reason = missing.map(gate -> "the system call " + name + " is caught in the LSM hook "
                + String.join(" or ", gate.hooks()) + ", which the kernel of this node (" + builder.node().kernelRelease() + ") does not have")
                .orElse("the system call " + name + " passes no LSM hook that covers every use of it");
        SystemCallEntries entries = entries(call);
        Optional<Action> other = builder.action() == Action.DENY ? builder.fallback() : Optional.of(builder.action());
        if (builder.action() == Action.DENY && modifyReturn(call, subjects)) {
            return;
        }
        if (entries.functions().isEmpty()) {
            refuse(call.name(), reason + ", and the kernel of this node (" + builder.node().kernelRelease()
                    + ") has no function for it at which a program can stand, so this node cannot " + builder.word() + " it; a rule on what it does (files, mounts, capabilities, lsmHooks) may");
        } else if (other.isEmpty()) {
            refuse(call.name(), reason + ", and modify-return does not cover it on this node (" + builder.node().kernelRelease() + "): "
                    + whyNoModifyReturn(entries)
                    + "; so this node cannot deny it: write fallback: kill or fallback: audit to have callers killed or reported, possibly after the effect,"
                    + " or rule on what it does (files, mounts, capabilities, lsmHooks)");
        } else {
            trace(entries, subjects, other.get());
        }
    }

    private SystemCallEntries entries(Call call) {
        return SystemCallEntries.of(call.call(), call.rule().abis(), builder.node());
    }

    private void trace(SystemCallEntries entries, List<Subject> subjects, Action action) {
        String note = builder.action() == Action.DENY ? "This node cannot deny this call; the rule's fallback is used. " : "";
        String unseen = entries.unseen().isEmpty() ? "" : "Not seen: " + String.join("; ", entries.unseen()) + ". ";
        for (KernelFunction function : entries.functions()) {
            subjects.forEach(subject -> FunctionLowering.trace(builder, function, subject, action, note + unseen));
        }
    }

    /** Denies in the call's own functions, if the node does that, always, at all of them. */
    private boolean modifyReturn(Call call, List<Subject> subjects) {
        SystemCallEntries entries = entries(call);
        if (entries.functions().isEmpty() || !whyNoModifyReturn(entries).isEmpty()) {
            return false;
        }
        for (KernelFunction function : entries.functions()) {
            subjects.forEach(subject -> builder.add(function, Lowering.Builder.matcher(subject), subject, Action.DENY,
                    "fmod_ret/" + function.label() + Lowering.Builder.suffix(subject), ""));
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

    private void refuse(Located<String> name, String message) {
        builder.refuse(Problem.at(name.at(), message));
    }
}
