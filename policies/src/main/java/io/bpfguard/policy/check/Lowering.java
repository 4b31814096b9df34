package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.model.Condition;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.Errno;
import io.bpfguard.policy.model.Family;
import io.bpfguard.policy.model.FamilyDefault;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.Mode;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.Problem;
import io.bpfguard.policy.model.Rule;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a rule comes to on a node: the hook points and matchers that deliver it. The checker asks whether there are any,
 * the compiler makes tables of them, and {@code explain} prints them; so they cannot differ.
 *
 * @param enforcements empty when something is refused
 * @param refusals why the node cannot deliver the rule
 */
public record Lowering(List<Enforcement> enforcements, List<Problem> refusals) {
    public Lowering {
        enforcements = refusals.isEmpty() ? List.copyOf(enforcements) : List.of();
        refusals = List.copyOf(refusals);
    }

    /** What a rule of a policy comes to. */
    public static Lowering of(ContainerPolicy policy, Rule rule, NodeCapabilities node) {
        Builder builder = new Builder(node, rule.head().action().value(), mode(policy.mode(), rule.head().mode()),
                rule.head().errno());
        switch (rule) {
            case Rule.Processes processes ->
                builder.family(Family.PROCESSES, Subject.paths(globs(processes.paths()),
                        Set.of(PathOperation.EXEC)), rule.head().at());
            case Rule.Files files -> {
                builder.refuseUnhooked(files);
                builder.family(Family.FILES, Subject.paths(globs(files.paths()), files.operations()), rule.head().at());
            }
            case Rule.Mounts mounts -> new MountLowering(builder).add(mounts);
            case Rule.Capabilities capabilities ->
                builder.family(Family.CAPABILITIES, new Subject.Capabilities(capabilities.numbers()), rule.head().at());
            case Rule.SystemCalls calls -> new SystemCallLowering(builder).add(calls);
            case Rule.LsmHooks hooks -> hooks.names().forEach(name -> builder.hook(name, hooks.conditions()));
            case Rule.Namespaces namespaces -> new NamedLowering(builder).add(namespaces);
            case Rule.Tracing tracing -> new NamedLowering(builder).add(tracing);
            case Rule.KernelModules modules -> new NamedLowering(builder).add(modules);
            case Rule.Bpf bpf -> new NamedLowering(builder).add(bpf);
            case Rule.Keys keys -> new NamedLowering(builder).add(keys);
            case Rule.IoUring rings -> new NamedLowering(builder).add(rings);
            case Rule.Signals signals -> new NamedLowering(builder).add(signals);
            case Rule.KernelFunctions functions ->
                functions.names().forEach(name -> new FunctionLowering(builder, functions).add(name));
        }
        return builder.build();
    }

    /** What a default of a policy comes to. */
    public static Lowering of(ContainerPolicy policy, FamilyDefault rest, NodeCapabilities node) {
        Builder builder = new Builder(node, rest.action(), policy.mode(), Errno.EPERM);
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

    private static List<Glob> globs(List<Located<Glob>> globs) {
        return globs.stream().map(Located::value).toList();
    }

    /** Collects the enforcements of one rule. */
    static final class Builder {
        private static final String OPEN_NOTE = "Judged when the file is opened, and as writing when its name comes into being; changing it by name (rename, unlink, link, truncate, chmod) is not covered.";

        private static final Set<PathOperation> UNHOOKED = Set.of(PathOperation.UNLINK, PathOperation.RENAME, PathOperation.LINK,
                PathOperation.SYMLINK, PathOperation.CHMOD, PathOperation.CHOWN, PathOperation.SETXATTR, PathOperation.MOUNT);

        private final NodeCapabilities node;
        private final Action action;
        private final Mode mode;
        private final int errno;
        private final List<Enforcement> enforcements = new ArrayList<>();
        private final List<Problem> refusals = new ArrayList<>();

        Builder(NodeCapabilities node, Action action, Mode mode, int errno) {
            this.node = node;
            this.action = mode == Mode.ENFORCE || action == Action.ALLOW ? action : Action.AUDIT;
            this.mode = mode;
            this.errno = errno;
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

        Lowering build() {
            return new Lowering(enforcements.stream().distinct().toList(), refusals);
        }

        void family(Family family, Subject subject, Position at) {
            Matcher matcher;
            List<LsmHook> hooks;
            String note = "";
            switch (family) {
                case PROCESSES -> {
                    matcher = Matcher.PATH;
                    hooks = List.of(LsmHook.BPRM_CHECK_SECURITY);
                }
                case FILES -> {
                    matcher = Matcher.PATH;
                    hooks = creates(subject) ? List.of(LsmHook.FILE_OPEN, LsmHook.PATH_MKNOD) : List.of(LsmHook.FILE_OPEN);
                    note = OPEN_NOTE;
                }
                case CAPABILITIES -> {
                    matcher = Matcher.CAPABILITY;
                    hooks = List.of(LsmHook.CAPABLE);
                }
                default -> throw new IllegalArgumentException(family + " has no hooks of its own");
            }
            for (LsmHook hook : hooks) {
                add(family, hook, matcher, subject, note, at);
            }
        }

        /** A matcher at a hook that the family needs. */
        void add(Family family, LsmHook hook, Matcher matcher, Subject subject, String note, Position at) {
            if (node.hasLsmHook(hook.kernelName())) {
                add(hook, matcher, subject, action, "lsm/" + hook.kernelName(), note);
            } else {
                refuse(Problem.at(at, family.key() + " needs the LSM hook " + hook.kernelName()
                        + ", which the kernel of this node (" + node.kernelRelease() + ") does not have"));
            }
        }

        /**
         * Refuses a rule that asks for an operation by name at whose hooks nothing stands: it would be accepted and not
         * enforced. A rule on all operations is delivered as far as its note says.
         */
        void refuseUnhooked(Rule.Files files) {
            Set<PathOperation> unhooked = EnumSet.copyOf(UNHOOKED);
            unhooked.retainAll(files.operations());
            if (files.operations().contains(PathOperation.TRUNCATE) && !files.operations().contains(PathOperation.WRITE)) {
                unhooked.add(PathOperation.TRUNCATE);
            }
            if (!unhooked.isEmpty() && !files.operations().equals(PathOperation.OF_FILES)) {
                refuse(Problem.at(files.head().at(), "files cannot judge " + unhooked.stream().map(operation ->
                        operation.name().toLowerCase(Locale.ROOT)).collect(Collectors.joining(", "))
                        + " by path yet; it judges read, write, append and create. Name the hook in lsmHooks (path_unlink,"
                        + " path_rename, path_link …) or the call in systemCalls to " + word() + " it for every path"));
            }
        }

        private static boolean creates(Subject subject) {
            int create = PathOperation.CREATE.ordinal();
            return switch (subject) {
                case Subject.Keys(_, var operations) -> operations.contains(create);
                case Subject.Rest(var operations) -> operations.contains(create);
                default -> false;
            };
        }

        void hook(Located<String> name, List<Condition> conditions) {
            LsmHook hook = new LsmHook(name.value());
            HookRules.refusal(name.value(), node).ifPresentOrElse(reason -> refuse(Problem.at(name.at(), reason)),
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

        void refuse(Problem problem) {
            refusals.add(problem);
        }

        String word() {
            return action.name().toLowerCase(Locale.ROOT);
        }
    }
}
