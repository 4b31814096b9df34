package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Nearest;
import io.bpfguard.policy.model.Problem;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Lowers a system call to its number, looked at inside the LSM hooks that it passes. */
record SystemCallLowering(Lowering.Builder builder) {
    void add(Located<String> name) {
        Optional<SystemCall> call = SystemCalls.named(name.value());
        if (call.isEmpty()) {
            refuse(name, "there is no system call \"" + name.value() + "\""
                    + Nearest.hint(name.value(), SystemCalls.names()));
            return;
        }
        Optional<GatedCall> row = SystemCallGates.of(name.value());
        if (row.isEmpty()) {
            refuse(name, "the system call " + name.value() + " passes no LSM hook that covers every use of it, so this node cannot "
                    + builder.word() + " it; a rule on what it does (files, mounts, capabilities, lsmHooks) or on a kernel function inside it may");
            return;
        }
        for (Gate gate : row.get().gates()) {
            Optional<String> hook = gate.hooks().stream().filter(builder.node()::hasLsmHook).findFirst();
            if (hook.isPresent()) {
                builder.add(new LsmHook(hook.get()), Matcher.SYSTEM_CALL, numbers(row.get()), builder.action(),
                        "lsm/" + hook.get() + " by system call", row.get().note());
            } else if (gate.required()) {
                refuse(name, "the system call " + name.value() + " is caught in the LSM hook "
                        + String.join(" or ", gate.hooks())
                        + ", which the kernel of this node (" + builder.node().kernelRelease() + ") does not have");
            }
        }
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
