package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.compiled.ProcessAccess;
import io.bpfguard.policy.model.Abi;
import io.bpfguard.policy.model.Errno;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.IntegerPatterns;
import io.bpfguard.policy.model.NamespaceKind;
import io.bpfguard.policy.model.Rule;
import io.bpfguard.policy.model.RuleHead;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Lowers rules over whole families to the hooks that every entry of the family passes. Where all of an entry passes is
 * {@code capable}, the system call in progress and its arguments tell which entry it is.
 *
 * @param head of the rule
 */
record NamedLowering(Lowering.Builder builder, RuleHead head) {
    private static final int OPEN_TREE_NAMESPACE = 2;
    private static final int FSMOUNT_NAMESPACE = 2;
    /** Makes a mount namespace as CLONE_NEWNS does, since Linux 7.1. */
    private static final int UNSHARE_EMPTY_MNTNS = 0x100000;

    /** Hooks of which callers only want to know whether, and return an error of their own. */
    private static final Set<String> YES_OR_NO = Set.of("capable", "ptrace_access_check");

    private static final String ENTER_NOTE = "setns with nstype 0 does not say the kind, so the rule takes it as met.";
    private static final String STAT_NOTE = "The addresses in /proc/PID/stat, which the kernel asks for without reporting a refusal, are not covered.";
    private static final String TRACED_NOTE = "Requests on a process that is traced already pass no hook.";
    private static final String AUTOLOAD_NOTE = "Who asked for what needs the module gets the error of its absence, such as EAFNOSUPPORT or ENODEV.";
    private static final String KEYS_NOTE = "The kernel answers some of the refusals with ENOKEY.";
    private static final String RING_NOTE = "A ring that was made before, or comes from a process that no rule is for, stays usable.";
    private static final String SIGNAL_NOTE = "A process's signals to itself, and those that the kernel sends of its own, are not judged; writing 1 to cgroup.kill is a matter of files.";
    private static final String OWNER_NOTE = "Naming another process as the owner of a descriptor, who then gets SIGIO or another signal, is judged as the strongest of the rule, since its target and signal cannot be told.";

    void add(Rule.Namespaces rule) {
        if (rule.operations().contains(Rule.Namespaces.Operation.CREATE)) {
            create(rule.kinds());
        }
        if (rule.operations().contains(Rule.Namespaces.Operation.ENTER)) {
            enter(rule.kinds());
        }
    }

    /** A user namespace by its own hook, whatever makes it; the others in task_alloc by clone's flags, and in capable by the call's. */
    private void create(Set<NamespaceKind> kinds) {
        if (kinds.contains(NamespaceKind.USER)) {
            hook("userns_create", Matcher.ALWAYS, new Subject.Always(), "", "");
        }
        List<Integer> bits = kinds.stream().filter(kind -> kind != NamespaceKind.USER).map(NamespaceKind::bit).sorted().toList();
        if (bits.isEmpty()) {
            return;
        }
        hook("task_alloc", Matcher.ARGUMENTS, new Subject.Arguments(Map.of(FamilyArguments.CLONE_FLAGS, anyBit(bits))), " by flags", "");
        List<Integer> unshared = new ArrayList<>(bits);
        if (kinds.contains(NamespaceKind.MOUNT)) {
            unshared.add(UNSHARE_EMPTY_MNTNS);
            capable(Set.of("open_tree", "open_tree_attr"), 2, anyBit(List.of(OPEN_TREE_NAMESPACE)), "");
            capable(Set.of("fsmount"), 1, anyBit(List.of(FSMOUNT_NAMESPACE)), "");
        }
        capable(Set.of("unshare"), 0, anyBit(unshared), "");
    }

    private void enter(Set<NamespaceKind> kinds) {
        if (kinds.size() == NamespaceKind.values().length) {
            calls(Set.of("setns"), "");
            return;
        }
        List<List<GlobToken>> types = new ArrayList<>(anyBit(kinds.stream().map(NamespaceKind::bit).sorted().toList()));
        if (builder.action() != Action.ALLOW) {
            types.add(IntegerPatterns.masked(0xffffffffL, 0, Extractor.WIDTH));
        }
        capable(Set.of("setns"), 1, types, ENTER_NOTE);
    }

    void add(Rule.Tracing rule) {
        boolean attach = rule.operations().contains(Rule.Tracing.Operation.ATTACH);
        boolean read = rule.operations().contains(Rule.Tracing.Operation.READ);
        List<List<GlobToken>> modes = new ArrayList<>();
        if (attach) {
            modes.add(IntegerPatterns.masked(FamilyArguments.PTRACE_MODE_ATTACH, FamilyArguments.PTRACE_MODE_ATTACH, Extractor.WIDTH));
        }
        if (read) {
            modes.add(IntegerPatterns.masked(FamilyArguments.PTRACE_MODE_READ | FamilyArguments.PTRACE_MODE_NOAUDIT, FamilyArguments.PTRACE_MODE_READ,
                    Extractor.WIDTH));
        }
        hook("ptrace_access_check", Matcher.ARGUMENTS, new Subject.Arguments(Map.of(FamilyArguments.PTRACE_MODE, modes)), " by mode",
                ((attach ? TRACED_NOTE : "") + (read ? " " + STAT_NOTE : "")).strip());
        Set<ProcessAccess> others = EnumSet.noneOf(ProcessAccess.class);
        if (attach) {
            hook("ptrace_traceme", Matcher.ALWAYS, new Subject.Always(), "", "");
            others.add(ProcessAccess.ATTACH);
            processFiles(EnumSet.of(ProcessAccess.OWN_MEMORY), builder.errno());
        }
        if (read) {
            hook("perf_event_open", Matcher.ALWAYS, new Subject.Always(), "", "");
            others.add(ProcessAccess.READ);
        }
        // Where access is refused, these files answer with EACCES, whatever the hook says.
        processFiles(others, builder.errno() == Errno.EPERM ? Errno.EACCES : builder.errno());
    }

    private void processFiles(Set<ProcessAccess> accesses, int errno) {
        builder.hook(head.family(), Gate.of("file_open"), head.at()).ifPresent(hook -> builder.add(hook, Matcher.PROCESS_FILE,
                new Subject.ProcessFiles(accesses), builder.action(), errno, "lsm/file_open of process files", ""));
    }

    void add(Rule.KernelModules rule) {
        if (rule.operations().contains(Rule.KernelModules.Operation.LOAD)) {
            List<List<GlobToken>> kinds = FamilyArguments.LOADED.stream().map(id -> IntegerPatterns.equal(id, Extractor.WIDTH)).toList();
            hook("kernel_load_data", Matcher.ARGUMENTS, new Subject.Arguments(Map.of(FamilyArguments.LOAD_DATA_ID, kinds)), " by kind", "");
            hook("kernel_read_file", Matcher.ARGUMENTS, new Subject.Arguments(Map.of(FamilyArguments.READ_FILE_ID, kinds)), " by kind", "");
        }
        if (rule.operations().contains(Rule.KernelModules.Operation.UNLOAD)) {
            calls(Set.of("delete_module"), "");
        }
        if (rule.operations().contains(Rule.KernelModules.Operation.AUTOLOAD)) {
            hook("kernel_module_request", Matcher.ALWAYS, new Subject.Always(), "", AUTOLOAD_NOTE);
        }
    }

    void add(Rule.Bpf rule) {
        hook("bpf", Matcher.ALWAYS, new Subject.Always(), "", "");
    }

    void add(Rule.Keys rule) {
        hook("key_alloc", Matcher.ALWAYS, new Subject.Always(), "", KEYS_NOTE);
        hook("key_permission", Matcher.ALWAYS, new Subject.Always(), "", KEYS_NOTE);
    }

    /** uring_allowed is there since 6.15; before, the ring's inode is what is asked for. */
    void add(Rule.IoUring rule) {
        if (builder.node().hasLsmHook("uring_allowed")) {
            hook("uring_allowed", Matcher.ALWAYS, new Subject.Always(), "", RING_NOTE);
            return;
        }
        hook("inode_init_security_anon", Matcher.ARGUMENTS, new Subject.Arguments(Map.of(FamilyArguments.ANONYMOUS_NAME, List.of(Subject.literal(FamilyArguments.RING)))),
                " by name", RING_NOTE);
    }

    void add(Rule.Signals rule) {
        Subject subject = new Subject.Signals(rule.signals(), rule.targets());
        hook("task_kill", Matcher.SIGNAL, subject, " by target", SIGNAL_NOTE);
        hook("file_fcntl", Matcher.SIGNAL, subject, " of owners", OWNER_NOTE);
        hook("file_ioctl", Matcher.SIGNAL, subject, " of owners", OWNER_NOTE);
        builder.add(head.family(), Gate.ifPresent("file_ioctl_compat"), Matcher.SIGNAL, subject, " of owners", OWNER_NOTE, head.at());
    }

    private void hook(String name, Matcher matcher, Subject subject, String how, String note) {
        String answer = YES_OR_NO.contains(name) ? builder.errnoNote() : "";
        builder.add(head.family(), Gate.of(name), matcher, subject, how, (note + " " + answer).strip(), head.at());
    }

    /** Calls all of whose effective uses ask for a capability. */
    private void calls(Set<String> names, String note) {
        hook("capable", Matcher.SYSTEM_CALL, new Subject.SystemCalls(numbers64(names), numbers32(names)), " by system call", note);
    }

    /** Uses of calls, told by an argument, that ask for a capability. */
    private void capable(Set<String> names, int argument, List<List<GlobToken>> values, String note) {
        List<List<GlobToken>> calls = Stream.concat(RegisterLowering.numbers(numbers64(names), Abi.BITS_64),
                RegisterLowering.numbers(numbers32(names), Abi.BITS_32)).toList();
        hook("capable", Matcher.ARGUMENTS, new Subject.Arguments(Map.of(Extractor.SYSTEM_CALL, calls, Extractor.register(argument), values)),
                " by system call and arguments", note);
    }

    private static Set<Integer> numbers64(Set<String> names) {
        return numbers(names, SystemCall::numbers64);
    }

    private static Set<Integer> numbers32(Set<String> names) {
        return numbers(names, call -> call.number32().stream());
    }

    private static Set<Integer> numbers(Set<String> names, Function<SystemCall, IntStream> numbers) {
        return names.stream().map(name -> SystemCalls.named(name).orElseThrow()).flatMapToInt(numbers).boxed().collect(Collectors.toSet());
    }

    private static List<List<GlobToken>> anyBit(Collection<Integer> bits) {
        return bits.stream().map(bit -> IntegerPatterns.masked(bit, bit, Extractor.WIDTH)).toList();
    }
}
