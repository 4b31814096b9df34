package io.bpfguard.bpf.routing;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Chain;
import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.compiled.FunctionProgram;
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
 * @param program the beginning of the custom program's digest, where one has the place for itself; empty elsewhere
 */
record Hook(Attachment attachment, String name, String program) {
    /** So many digits that nobody finds two programs with the same. */
    private static final int DIGEST = 32;
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

    /** A place for all that stands there. */
    Hook(Attachment attachment, String name) {
        this(attachment, name, "");
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
            case FunctionProgram(KernelFunction function, boolean prevents, CustomProgram program) ->
                new Hook(prevents ? Attachment.FMOD_RET : Attachment.FENTRY, function.label(), digest(program));
        };
    }

    /** The beginning of a program's digest, for names. */
    static String digest(CustomProgram program) {
        return program.digest().substring(0, DIGEST);
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

    /** For people: {@code lsm-file_open}, {@code fentry-nf_tables:nf_tables_newrule}. */
    String place() {
        return attachment.word + "-" + name;
    }

    /** For directory names: the place, and what tells several at one apart. */
    String label() {
        return program.isEmpty() ? place() : place() + "-" + program;
    }

    static Optional<Hook> parse(String label) {
        for (Attachment attachment : Attachment.values()) {
            String prefix = attachment.word + "-";
            if (label.startsWith(prefix)) {
                String[] parts = label.substring(prefix.length()).split("-", 2);
                return Optional.of(new Hook(attachment, parts[0], parts.length == 2 ? parts[1] : ""));
            }
        }
        return Optional.empty();
    }
}
