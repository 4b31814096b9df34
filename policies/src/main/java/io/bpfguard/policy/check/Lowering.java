package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.model.Condition;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.Errno;
import io.bpfguard.policy.model.Family;
import io.bpfguard.policy.model.FamilyDefault;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Mode;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.model.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What a rule comes to on a node: the hook points and matchers that deliver it. The checker asks whether there are any,
 * the compiler makes tables of them, and {@code explain} prints them; so they cannot differ.
 *
 * @param enforcements empty when something is refused
 * @param refusals why the node cannot deliver the rule
 * @param waiting functions of modules that are not loaded yet
 */
public record Lowering(List<Enforcement> enforcements, List<Problem> refusals, List<Waiting> waiting) {
    /**
     * A function whose module is not loaded: nothing can call it, and a program is attached when the module comes.
     *
     * @param function the function
     * @param action what will happen at each call
     */
    public record Waiting(KernelFunction function, Action action) {}

    public Lowering {
        waiting = List.copyOf(waiting);
        enforcements = refusals.isEmpty() ? List.copyOf(enforcements) : List.of();
        refusals = List.copyOf(refusals);
    }

    /** What a rule of a policy comes to. */
    public static Lowering of(ContainerPolicy policy, Rule rule, NodeCapabilities node) {
        Builder builder = new Builder(node, rule.head().action().value(), mode(policy.mode(), rule.head().mode()),
                rule.head().errno(), rule.head().fallback().map(Located::value));
        switch (rule) {
            case Rule.Processes processes ->
                builder.family(Family.PROCESSES, FileSubject.of(processes), rule.head().at());
            case Rule.Files files -> builder.family(Family.FILES, FileSubject.of(files), rule.head().at());
            case Rule.Network network -> new NetworkLowering(builder).add(network);
            case Rule.Mounts mounts -> new MountLowering(builder).add(mounts);
            case Rule.Capabilities capabilities ->
                builder.family(Family.CAPABILITIES, new Subject.Capabilities(capabilities.numbers()), rule.head().at());
            case Rule.SystemCalls calls -> new SystemCallLowering(builder).add(calls);
            case Rule.LsmHooks hooks -> hooks.names().forEach(name -> builder.hook(name, hooks.conditions()));
            case Rule.Namespaces namespaces -> new NamedLowering(builder, rule.head()).add(namespaces);
            case Rule.Tracing tracing -> new NamedLowering(builder, rule.head()).add(tracing);
            case Rule.KernelModules modules -> new NamedLowering(builder, rule.head()).add(modules);
            case Rule.Bpf bpf -> new NamedLowering(builder, rule.head()).add(bpf);
            case Rule.Keys keys -> new NamedLowering(builder, rule.head()).add(keys);
            case Rule.IoUring rings -> new NamedLowering(builder, rule.head()).add(rings);
            case Rule.Signals signals -> new NamedLowering(builder, rule.head()).add(signals);
            case Rule.Programs programs -> new ProgramLowering(builder).add(programs);
            case Rule.KernelFunctions functions ->
                functions.names().forEach(name -> new FunctionLowering(builder, functions.conditions())
                        .add(name, functions.module().map(Located::value).orElse("")));
        }
        return builder.build();
    }

    /** What a default of a policy comes to. */
    public static Lowering of(ContainerPolicy policy, FamilyDefault rest, NodeCapabilities node) {
        Builder builder = new Builder(node, rest.action(), policy.mode(), Errno.EPERM, Optional.empty());
        if (rest.family() == Family.NETWORK) {
            new NetworkLowering(builder).add(rest);
            return builder.build();
        }
        if (rest.family() == Family.MOUNTS) {
            new MountLowering(builder).add(rest);
            return builder.build();
        }
        Set<Integer> operations = switch (rest.family()) {
            case PROCESSES -> Subject.numbers(Set.of(PathOperation.EXEC));
            case FILES -> Subject.numbers(PathOperation.OF_FILES);
            default -> Subject.ONLY;
        };
        builder.family(rest.family(), new Subject.Rest(operations), rest.at());
        return builder.build();
    }

    private static Mode mode(Mode policy, Mode rule) {
        return policy == Mode.ENFORCE && rule == Mode.ENFORCE ? Mode.ENFORCE : Mode.AUDIT;
    }

    /** Collects the enforcements of one rule. */
    static final class Builder {
        private static final String FILES_NOTE = "What was opened before goes on. Times and the attributes of chattr are not covered, nor are trusted.overlay attributes.";
        private static final String MAP_NOTE = "A heap or stack that is executable from the start, by the program's headers or personality(2), is not covered, nor is writing to mapped code by ptrace or /proc/PID/mem.";
        private static final String FROM_NOTE = "The program is told by its file, not by what runs in it: whoever can put code into it (LD_PRELOAD, ptrace) or change its file (prctl with PR_SET_MM_EXE_FILE) acts as it.";

        private final NodeCapabilities node;
        private final Action action;
        private final Mode mode;
        private final int errno;
        private final Optional<Action> fallback;
        private final List<Enforcement> enforcements = new ArrayList<>();
        private final List<Problem> refusals = new ArrayList<>();
        private final List<Waiting> waiting = new ArrayList<>();

        Builder(NodeCapabilities node, Action action, Mode mode, int errno, Optional<Action> fallback) {
            this.node = node;
            this.action = mode == Mode.ENFORCE || action == Action.ALLOW ? action : Action.AUDIT;
            this.mode = mode;
            this.errno = errno;
            this.fallback = fallback;
        }

        NodeCapabilities node() {
            return node;
        }

        Action action() {
            return action;
        }

        int errno() {
            return errno;
        }

        /** Where the kernel only asks whether; empty where it answers with the rule's error all the same. */
        String errnoNote() {
            return action.compareTo(Action.DENY) < 0 || errno == Errno.EPERM ? ""
                    : "The kernel asks whether, and answers EPERM or EACCES where it is denied.";
        }

        /** What happens where the node cannot deny, if the rule accepts that. */
        Optional<Action> fallback() {
            return fallback;
        }

        Lowering build() {
            return new Lowering(enforcements.stream().distinct().toList(), refusals, waiting.stream().distinct().toList());
        }

        void family(Family family, Subject subject, Position at) {
            switch (family) {
                case PROCESSES, FILES -> {
                    String note = fileNotes(family, subject);
                    for (Gate gate : FileHooks.of(operations(subject))) {
                        add(family, gate, Matcher.PATH, subject, "", note, at);
                    }
                    if (asksForPath(subject)) {
                        for (Gate gate : FileHooks.ALIASES) {
                            add(family, gate, Matcher.ALIAS, subject, " for other names", "", at);
                        }
                    }
                }
                case CAPABILITIES -> add(family, Gate.of(LsmHook.CAPABLE.kernelName()), Matcher.CAPABILITY, subject, "", "", at);
                default -> throw new IllegalArgumentException(family + " has no hooks of its own");
            }
        }

        /** A matcher at a hook that the family needs. */
        void add(Family family, LsmHook hook, Matcher matcher, Subject subject, String note, Position at) {
            add(family, Gate.of(hook.kernelName()), matcher, subject, "", note, at);
        }

        void add(Family family, Gate gate, Matcher matcher, Subject subject, String how, String note, Position at) {
            hook(family, gate, at).ifPresent(hook -> add(hook, matcher, subject, action, "lsm/" + hook.kernelName() + how, note));
        }

        /** The hook of a gate on this node; one that the family needs and that is not there is refused. */
        Optional<LsmHook> hook(Family family, Gate gate, Position at) {
            Optional<String> hook = gate.hooks().stream().filter(node::hasLsmHook).findFirst();
            if (hook.isEmpty() && gate.required()) {
                refuse(Problem.at(at, family.key() + " needs the LSM hook " + String.join(" or ", gate.hooks())
                        + ", which the kernel of this node (" + node.kernelRelease() + ") does not have"));
            }
            return hook.map(LsmHook::new);
        }

        /** Whether a file's name matters: otherwise another one changes nothing. */
        private static boolean asksForPath(Subject subject) {
            return !(subject instanceof Subject.Keys(var fields, _)) || fields.containsKey(KeyField.PATH);
        }

        private static String fileNotes(Family family, Subject subject) {
            List<String> notes = new ArrayList<>();
            if (family == Family.FILES) {
                notes.add(FILES_NOTE);
            }
            if (operations(subject).contains(PathOperation.MAP.ordinal())) {
                notes.add(MAP_NOTE);
            }
            if (subject instanceof Subject.Keys(var fields, _) && fields.containsKey(KeyField.SOURCE)) {
                notes.add(FROM_NOTE);
            }
            return String.join(" ", notes);
        }

        private static Set<Integer> operations(Subject subject) {
            return switch (subject) {
                case Subject.Keys(_, var operations) -> operations;
                case Subject.Rest(var operations) -> operations;
                default -> throw new IllegalArgumentException(subject + " has no operations");
            };
        }

        void hook(Located<String> name, List<Condition> conditions) {
            LsmHook hook = new LsmHook(name.value());
            HookRules.refusal(name.value(), node).ifPresentOrElse(
                    reason -> new FunctionLowering(this, conditions).insteadOfHook(name, reason),
                    () -> new ConditionLowering(this).subject(hook, conditions)
                            .ifPresent(subject -> add(hook, matcher(subject), subject, action, "lsm/" + name.value() + suffix(subject), "")));
        }

        /** The matcher of every call, or of those with some arguments. */
        static Matcher matcher(Subject subject) {
            return subject instanceof Subject.Arguments ? Matcher.ARGUMENTS : Matcher.ALWAYS;
        }

        /** How a mechanism says that it looks at arguments. */
        static String suffix(Subject subject) {
            return subject instanceof Subject.Arguments ? " by arguments" : "";
        }

        void add(HookPoint hook, Matcher matcher, Subject subject, Action done, String mechanism, String note) {
            add(hook, matcher, subject, done, errno, mechanism, note);
        }

        void add(HookPoint hook, Matcher matcher, Subject subject, Action done, int denial, String mechanism, String note) {
            int error = done.compareTo(Action.DENY) < 0 ? 0 : denial;
            enforcements.add(new Enforcement(hook, matcher, subject, done, mode, error, mechanism, note));
        }

        void await(Waiting function) {
            waiting.add(function);
        }

        void refuse(Problem problem) {
            refusals.add(problem);
        }

        String word() {
            return action.name().toLowerCase(Locale.ROOT);
        }
    }
}
