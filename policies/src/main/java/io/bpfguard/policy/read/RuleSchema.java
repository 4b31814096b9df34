package io.bpfguard.policy.read;

import static io.bpfguard.policy.read.SchemaValues.definition;
import static io.bpfguard.policy.read.SchemaValues.described;
import static io.bpfguard.policy.read.SchemaValues.either;
import static io.bpfguard.policy.read.SchemaValues.integer;
import static io.bpfguard.policy.read.SchemaValues.list;
import static io.bpfguard.policy.read.SchemaValues.range;
import static io.bpfguard.policy.read.SchemaValues.text;
import static io.bpfguard.policy.read.SchemaValues.word;
import static io.bpfguard.policy.read.SchemaValues.wordInAnyCase;
import static io.bpfguard.policy.read.SchemaValues.words;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.bpfguard.policy.check.SystemCalls;
import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.Device;
import io.bpfguard.policy.compiled.SignalTarget;
import io.bpfguard.policy.model.Capability;
import io.bpfguard.policy.model.Cidr;
import io.bpfguard.policy.model.Errno;
import io.bpfguard.policy.model.Family;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.MountFlags;
import io.bpfguard.policy.model.MountUse;
import io.bpfguard.policy.model.NamespaceKind;
import io.bpfguard.policy.model.PortRange;
import io.bpfguard.policy.model.Rule;
import io.bpfguard.policy.model.Signals;
import io.bpfguard.policy.model.SocketNames;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** JSON Schemas of the rules of each family. The words are the reader's own tables. */
final class RuleSchema {
    private static final String NAME = "ruleName";
    private static final String ACTION = "action";
    private static final String ERRNO = "errno";
    private static final String MODE = "ruleMode";
    private static final String FALLBACK = "fallback";
    private static final String ERRNO_OF_DENIALS = "errnoOnlyOfDenyAndKill";
    private static final String FALLBACK_OF_DENY = "fallbackOnlyOfDeny";

    private RuleSchema() {}

    /** The list of a family's rules. A new family is described here and nowhere else. */
    static ObjectNode rules(Family family) {
        return switch (family) {
            case PROCESSES -> rules("Rules on programs: when a file becomes a program, and with operation map also when it is mapped as code.", programs());
            case FILES -> rules("Rules on files: when a file is opened, and when it or its name is changed. Running it is not reading it.", files());
            case NETWORK -> rules("Rules on sockets: when they are made and used. All conditions are optional; without any: every socket.", network());
            case MOUNTS -> rules("Rules on mounting and on changes of mounts. All conditions are optional; without any: every use.", mounts());
            case CAPABILITIES -> rules("Rules on capabilities: when one is asked for.", rule()
                    .required(family.objectsKey(), "Names of capabilities, in any case, with or without CAP_; ALL is every one.",
                            list(wordInAnyCase("CAP_", Stream.concat(Capability.NAMES.stream(), Stream.of("ALL")).toList()))));
            case NAMESPACES -> rules("Rules on namespaces: when one is made or entered.", rule()
                    .key("kinds", "Kinds of namespaces. Without the key: all.", words(NamedFamilies.words(NamespaceKind.class).keySet()))
                    .key("operations", "create: unshare, clone, clone3, and what of open_tree and fsmount makes a mount namespace; enter: setns."
                            + " Without the key: both.", words(NamedFamilies.words(Rule.Namespaces.Operation.class).keySet())));
            case TRACING -> rules("Rules on access to other processes, as ptrace(2) has it.", rule()
                    .key("operations", "attach: ptrace, process_vm_readv, process_vm_writev, pidfd_getfd, /proc/PID/mem; read: what shows other"
                            + " processes' memory layout and descriptors. Without the key: both.", words(NamedFamilies.words(Rule.Tracing.Operation.class).keySet())));
            case KERNEL_MODULES -> rules("Rules on kernel modules and other kernels.", rule()
                    .key("operations", "load: init_module, finit_module, kexec_load, kexec_file_load; unload: delete_module; autoload: what the kernel would"
                            + " load because it was asked for something that it lacks. Without the key: all.",
                            words(NamedFamilies.words(Rule.KernelModules.Operation.class).keySet())));
            case BPF -> rules("Rules on bpf(2), every command.", rule());
            case KEYS -> rules("Rules on the kernel's keys and keyrings: add_key, request_key and keyctl on any key.", rule());
            case IO_URING -> rules("Rules on making rings of io_uring. One that was made before stays usable.", rule());
            case SIGNALS -> rules("Rules on signals to other processes.", rule()
                    .key("signals", "Names, in any case, with or without SIG, or numbers. Without the key: all.",
                            list(either(wordInAnyCase("SIG", Signals.NAMES), integer(1, Signals.MAX))))
                    .key("targets", "container: other processes of the sender's container; outside: any other. Without the key: both.",
                            words(NamedFamilies.words(SignalTarget.class).keySet())));
            case SYSTEM_CALLS -> rules("Rules on system calls, by number, inside the LSM hooks that they pass.", rule()
                    .required(family.objectsKey(), "Names of system calls.", list(word(SystemCalls.names())))
                    .key("conditions", "Conditions on the call's arguments; all of them hold.", conditions())
                    .key("abis", "64: calls of 64-bit programs (and x32); 32: of 32-bit programs. Without the key: both.", abis()));
            case LSM_HOOKS -> rules("Rules on each call of an LSM hook.", rule()
                    .required(family.objectsKey(), "Names of LSM hooks, such as sb_mount. Which there are depends on the node's kernel.",
                            list(text(RuleReader.KERNEL_NAME)))
                    .key("conditions", "Conditions on the hook's arguments; all of them hold.", conditions()));
            case KERNEL_FUNCTIONS -> rules("Rules on each call of a kernel function. Most can only be seen and the caller killed, possibly after the effect.",
                    rule().required(family.objectsKey(), "Names of kernel functions. Which there are depends on the node's kernel.",
                            list(text(RuleReader.KERNEL_NAME)))
                    .key("module", "The module that the functions are in; it need not be loaded yet. Without the key: the kernel proper.",
                            text(RuleReader.MODULE_NAME))
                    .key("conditions", "Conditions on the function's arguments; all of them hold.", conditions()));
            case PROGRAMS -> rules("Rules on what a BPF program of the node's administrator says yes to.", rule()
                    .required(family.objectsKey(), "The name of the program's file in the directory of programs, /etc/bpfguard/programs.d.",
                            text(ProgramRuleReader.OBJECT))
                    .key("parameters", "Values of the program's variables: whole numbers, true or false, text.", parameters()));
        };
    }

    private static ObjectNode rules(String description, SchemaMapping rule) {
        return described(description, list(rule.node()));
    }

    /** What all rules have. */
    private static SchemaMapping rule() {
        return new SchemaMapping().key("name", definition(NAME)).required("action", definition(ACTION)).key("errno", definition(ERRNO))
                .key("mode", definition(MODE)).key("fallback", definition(FALLBACK)).needsAll(definition(ERRNO_OF_DENIALS), definition(FALLBACK_OF_DENY));
    }

    /** What all rules have, once for all of them. */
    static ObjectNode headDefinitions() {
        ObjectNode definitions = SchemaValues.anything();
        definitions.set(NAME, described("What events call the rule; unique in the policy.", text()));
        definitions.set(ACTION, described("allow: takes things out of defaults, never out of rules; audit: lets go on and reports; deny: prevents with an"
                + " errno; kill: sends SIGKILL, and prevents at LSM hooks. The strongest of all rules that match counts.",
                word(PolicyDocument.ACTIONS.keySet())));
        definitions.set(ERRNO, described("The error of deny and kill: its name or number. Without the key: EPERM.",
                either(word(Errno.names()), integer(1, Errno.MAX))));
        definitions.set(MODE, described("audit: only this rule is not enforced; its deny and kill are reported. Without the key: enforce.",
                word(PolicyDocument.MODES.keySet())));
        definitions.set(FALLBACK, described("What to do instead where the node cannot deny. Without the key such a rule is refused.",
                word(RuleReader.FALLBACKS.keySet())));
        definitions.set(ERRNO_OF_DENIALS, forbid("errno", action -> action.compareTo(Action.DENY) < 0));
        definitions.set(FALLBACK_OF_DENY, forbid("fallback", action -> action != Action.DENY));
        return definitions;
    }

    /** No such key with some actions. */
    private static ObjectNode forbid(String key, Predicate<Action> some) {
        ObjectNode node = SchemaValues.anything();
        node.set("if", SchemaValues.having("action", word(PolicyDocument.ACTIONS.entrySet().stream().filter(action -> some.test(action.getValue()))
                .map(Map.Entry::getKey).toList())));
        node.set("then", SchemaValues.without(key));
        return node;
    }

    private static SchemaMapping programs() {
        return rule().key("paths", "Globs for the path of the file that becomes a program, or of a script's interpreter.", GlobSchema.globs(Glob.Kind.PATH))
                .key("arguments", "Globs; the program gets one such argument, its name not counted. Not with operation map.", GlobSchema.globs(Glob.Kind.TEXT))
                .key("from", "Globs for the path of the program that does it (of a script, the interpreter).", GlobSchema.globs(Glob.Kind.PATH))
                .key("origins", "memory: files without a name that only memory has, and memory without a file; deleted: files without a name; notInImage: not, or"
                        + " no longer as it was, in the container's image.", words(FileRuleReader.ORIGINS.keySet()))
                .key("operations", "exec: it is run; map: it is mapped as code. Without the key: exec.", words(FileRuleReader.PROCESS_OPERATIONS.keySet()))
                .needsOneOf(FileRuleReader.PROCESS_CONDITIONS);
    }

    private static SchemaMapping files() {
        return rule().key("paths", "Globs for the file's path, as seen from the container's root, links resolved.", GlobSchema.globs(Glob.Kind.PATH))
                .key("operations", "What is done. write is also append, create and truncate; modify is all but read. Without the key: all.",
                        words(FileRuleReader.FILE_OPERATIONS.keySet()))
                .key("from", "Globs for the path of the program that does it (of a script, the interpreter).", GlobSchema.globs(Glob.Kind.PATH))
                .key("owner", "self: the task's file system user owns the file; other: it does not.", word(FileRuleReader.OWNERS.keySet()))
                .key("fileSystems", "Globs for the type of the file's file system: proc, tmpfs, fuse*.", GlobSchema.globs(Glob.Kind.NAME))
                .key("devices", "The file is one of these device nodes.", list(device()))
                .key("foreignMounts", "true: the mount through which the file was reached is of another mount namespace than the task's.",
                        SchemaValues.anything().set("const", BooleanNode.TRUE))
                .needsOneOf(FileRuleReader.FILE_CONDITIONS);
    }

    private static ObjectNode device() {
        return new SchemaMapping()
                .required("type", "What the node is.", word(FileRuleReader.DEVICE_TYPES.keySet()))
                .key("major", "A number, or a range: \"8-11\". Without the key: all.", range(Device.MAX_MAJOR))
                .key("minors", "A number, or a range: \"0-15\". Without the key: all.", range(Device.MAX_MINOR))
                .needsWith("minors", "major").node();
    }

    private static SchemaMapping network() {
        return rule().key("operations", "What is done with the socket. Without the key: all.", words(NetworkReader.OPERATIONS))
                .key("families", "Names of AF_… in small letters, or numbers.", list(named(SocketNames.FAMILIES, 1, NetworkReader.MAX_FAMILY)))
                .key("types", "Names of SOCK_… in small letters, or numbers.", list(named(SocketNames.TYPES, 1, NetworkReader.MAX_TYPE)))
                .key("protocols", "Names of IPPROTO_… in small letters, or numbers; without families, of IP sockets.",
                        list(named(SocketNames.PROTOCOLS, 0, NetworkReader.MAX_PROTOCOL)))
                .key("addresses", "IPv4 and IPv6 addresses and networks: 10.0.0.0/8, \"fd00::/8\".", list(text(Cidr.SHAPE)))
                .key("ports", "Ports of IP addresses and ranges of them: 80, 8000-8999.", list(range(PortRange.MAX)))
                .key("paths", "Globs for the path that a Unix socket is bound to.", GlobSchema.globs(Glob.Kind.PATH))
                .key("abstractNames", "Globs for the abstract name that a Unix socket is bound to, without the leading NUL; with paths, either matches.",
                        GlobSchema.globs(Glob.Kind.TEXT));
    }

    private static ObjectNode named(Map<String, Integer> names, int least, int most) {
        return either(word(names.keySet()), integer(least, most));
    }

    private static SchemaMapping mounts() {
        return rule().key("types", "Globs for types of file systems, and words for uses that have none: bind, move, unmount and others.",
                        list(either(word(Arrays.stream(MountUse.values()).map(MountUse::word).toList()), definition(GlobSchema.name(Glob.Kind.NAME)))))
                .key("flags", "Flags of the mount; all of them hold.", list(word(MountFlags.WORDS.keySet())))
                .key("sources", "Globs for what is mounted: the first argument of mount(2), or what fsconfig(2) set.", GlobSchema.globs(Glob.Kind.TEXT));
    }

    private static ObjectNode conditions() {
        return list(definition("condition"));
    }

    private static ObjectNode parameters() {
        ObjectNode node = SchemaValues.anything().put("type", "object");
        node.set("propertyNames", text(ProgramRuleReader.VARIABLE));
        node.putObject("additionalProperties").putArray("type").add("integer").add("boolean").add("string");
        return node;
    }

    private static ObjectNode abis() {
        ObjectNode abi = SchemaValues.anything();
        ArrayNode values = abi.putArray("enum");
        RuleReader.ABIS.keySet().stream().sorted().forEach(word -> values.add(Integer.parseInt(word)).add(word));
        return list(abi).put("uniqueItems", true);
    }
}
