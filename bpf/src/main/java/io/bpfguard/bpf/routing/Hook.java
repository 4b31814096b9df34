package io.bpfguard.bpf.routing;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Chain;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.LsmHook;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A place where a router is attached, and how. The same function can be attached twice, to kill and to deny.
 *
 * @param attachment how
 * @param name the LSM hook's, or the function's {@linkplain KernelFunction#label() label}
 */
record Hook(Attachment attachment, String name) {
    private static final Pattern SYSTEM_CALL = Pattern.compile("__(x64|ia32|do)_(compat_)?sys_");

    enum Attachment {
        LSM("lsm"),
        FENTRY("fentry"),
        FMOD_RET("fmod_ret");

        private final String word;

        Attachment(String word) {
            this.word = word;
        }
    }

    /** Where a chain of this hook point has to be attached to do what its rulesets say. */
    static Hook of(HookPoint point, Chain chain) {
        return switch (point) {
            case LsmHook lsm -> new Hook(Attachment.LSM, lsm.kernelName());
            case KernelFunction function -> {
                // A program that can prevent can kill as well, but not the other way round.
                boolean denies = chain.steps().stream().anyMatch(step -> RulesetView.actions(step.ruleset()).contains(Action.DENY));
                yield new Hook(denies ? Attachment.FMOD_RET : Attachment.FENTRY, function.label());
            }
        };
    }

    /** The object that holds its programs. */
    String object() {
        return switch (attachment) {
            case LSM -> Programs.exists(name) ? name : "any_hook";
            case FENTRY -> "function";
            case FMOD_RET -> "function_deny";
        };
    }

    /** The function, where it is one. */
    Optional<KernelFunction> function() {
        return attachment == Attachment.LSM ? Optional.empty() : Optional.of(KernelFunction.of(name));
    }

    /** Whether it is a function at which a system call begins (arch/x86/include/asm/syscall_wrapper.h). */
    boolean beginsSystemCall() {
        return function().map(KernelFunction::kernelName).filter(symbol -> SYSTEM_CALL.matcher(symbol).lookingAt()).isPresent();
    }

    /** For people and directory names: {@code lsm-file_open}, {@code fentry-nf_tables:nf_tables_newrule}. */
    String label() {
        return attachment.word + "-" + name;
    }

    static Optional<Hook> parse(String label) {
        for (Attachment attachment : Attachment.values()) {
            String prefix = attachment.word + "-";
            if (label.startsWith(prefix)) {
                return Optional.of(new Hook(attachment, label.substring(prefix.length())));
            }
        }
        return Optional.empty();
    }
}
