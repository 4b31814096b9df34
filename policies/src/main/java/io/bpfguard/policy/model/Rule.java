package io.bpfguard.policy.model;

import io.bpfguard.policy.compiled.FileKind;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.SignalTarget;
import io.bpfguard.policy.compiled.SocketOperation;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A rule: what happens to some objects of one family. */
public sealed interface Rule {
    /** What all rules have. */
    RuleHead head();

    /**
     * Programs that are run. A condition that is empty is none.
     *
     * @param head what all rules have
     * @param paths of the file that becomes a program, or of a script's interpreter
     * @param arguments one of the program's arguments behind its name is one of these
     * @param from path of the program that runs it
     * @param origins where the file comes from, when not from the image by name
     * @param operations running it, or mapping it as code
     */
    record Processes(RuleHead head, List<Located<Glob>> paths, List<Located<Glob>> arguments, List<Located<Glob>> from,
            Set<FileKind> origins, Set<PathOperation> operations) implements Rule {
        public Processes {
            paths = List.copyOf(paths);
            arguments = List.copyOf(arguments);
            from = List.copyOf(from);
            origins = Set.copyOf(origins);
            operations = Set.copyOf(operations);
        }
    }

    /**
     * Files that are opened. A condition that is empty is none.
     *
     * @param head what all rules have
     * @param paths of the file
     * @param operations what it is opened for
     * @param from path of the program that does it
     * @param own whether the task's user owns the file
     * @param fileSystems type of the file system that holds it
     * @param devices what device node it is
     * @param foreignMount whether it is asked that it was reached by a mount of another mount namespace
     */
    record Files(RuleHead head, List<Located<Glob>> paths, Set<PathOperation> operations, List<Located<Glob>> from,
            Optional<Boolean> own, List<Located<Glob>> fileSystems, List<DeviceRange> devices, boolean foreignMount)
            implements Rule {
        public Files {
            paths = List.copyOf(paths);
            operations = Set.copyOf(operations);
            from = List.copyOf(from);
            fileSystems = List.copyOf(fileSystems);
            devices = List.copyOf(devices);
        }
    }

    /**
     * What is mounted, and changes of it. A list that is empty is no condition.
     *
     * @param head what all rules have
     * @param types of the file system, or words for uses without one
     * @param flags that are set, and that are not
     * @param sources what is mounted: the first argument of mount(2), or what fsconfig(2) set
     */
    record Mounts(RuleHead head, List<Located<Glob>> types, MountFlags flags, List<Located<Glob>> sources) implements Rule {
        public Mounts {
            types = List.copyOf(types);
            sources = List.copyOf(sources);
        }
    }

    /**
     * Sockets that are made and used. A condition that is empty is none.
     *
     * @param head what all rules have
     * @param operations what is done, as the kernel tells it apart
     * @param families of the socket, {@code AF_}
     * @param types of the socket, {@code SOCK_}
     * @param protocols of the socket, {@code IPPROTO_} or what its family calls so
     * @param addresses whereto or where, in IP
     * @param ports likewise
     * @param paths that a Unix socket is bound to
     * @param abstractNames that a Unix socket is bound to, without the leading NUL; with {@code paths}, either may match
     */
    record Network(RuleHead head, Set<SocketOperation> operations, Set<Integer> families, Set<Integer> types, Set<Integer> protocols,
            List<Located<Cidr>> addresses, List<PortRange> ports, List<Located<Glob>> paths, List<Located<Glob>> abstractNames)
            implements Rule {
        public Network {
            operations = Set.copyOf(operations);
            families = Set.copyOf(families);
            types = Set.copyOf(types);
            protocols = Set.copyOf(protocols);
            addresses = List.copyOf(addresses);
            ports = List.copyOf(ports);
            paths = List.copyOf(paths);
            abstractNames = List.copyOf(abstractNames);
        }

        /** Whether it asks for an IP address. */
        public boolean isAboutIp() {
            return !addresses.isEmpty() || !ports.isEmpty();
        }

        /** Whether it asks for the name of a Unix socket. */
        public boolean isAboutNames() {
            return !paths.isEmpty() || !abstractNames.isEmpty();
        }
    }

    /**
     * Capabilities that are used.
     *
     * @param head what all rules have
     * @param numbers of the capabilities
     */
    record Capabilities(RuleHead head, Set<Integer> numbers) implements Rule {
        public Capabilities {
            numbers = Set.copyOf(numbers);
        }
    }

    /**
     * Namespaces.
     *
     * @param head what all rules have
     * @param kinds of the namespace
     * @param operations what is done
     */
    record Namespaces(RuleHead head, Set<NamespaceKind> kinds, Set<Operation> operations) implements Rule {
        /** What is done to a namespace. */
        public enum Operation {
            /** unshare, clone, clone3. */
            CREATE,
            /** setns. */
            ENTER
        }

        public Namespaces {
            kinds = Set.copyOf(kinds);
            operations = Set.copyOf(operations);
        }
    }

    /**
     * Access to other processes.
     *
     * @param head what all rules have
     * @param operations what is done
     */
    record Tracing(RuleHead head, Set<Operation> operations) implements Rule {
        /** The kernel's two kinds of access ({@code include/linux/ptrace.h}). */
        public enum Operation {
            /** To control a process or reach its memory and descriptors. */
            ATTACH,
            /** To learn of it what not everybody may. */
            READ
        }

        public Tracing {
            operations = Set.copyOf(operations);
        }
    }

    /**
     * Kernel modules.
     *
     * @param head what all rules have
     * @param operations what is done
     */
    record KernelModules(RuleHead head, Set<Operation> operations) implements Rule {
        /** What is done to the kernel. */
        public enum Operation {
            /** init_module, finit_module, kexec. */
            LOAD,
            /** delete_module. */
            UNLOAD,
            /** The kernel loads one because something that it lacks was asked for. */
            AUTOLOAD
        }

        public KernelModules {
            operations = Set.copyOf(operations);
        }
    }

    /**
     * bpf(2), all of it.
     *
     * @param head what all rules have
     */
    record Bpf(RuleHead head) implements Rule {}

    /**
     * Keys and keyrings, all of them.
     *
     * @param head what all rules have
     */
    record Keys(RuleHead head) implements Rule {}

    /**
     * Rings of io_uring.
     *
     * @param head what all rules have
     */
    record IoUring(RuleHead head) implements Rule {}

    /**
     * Signals to other processes.
     *
     * @param head what all rules have
     * @param signals their numbers
     * @param targets whose processes
     */
    record Signals(RuleHead head, Set<Integer> signals, Set<SignalTarget> targets) implements Rule {
        public Signals {
            signals = Set.copyOf(signals);
            targets = Set.copyOf(targets);
        }
    }

    /**
     * System calls.
     *
     * @param head what all rules have
     * @param names as in the kernel's tables
     * @param conditions on the call's arguments; all of them hold
     * @param abis how it is entered
     */
    record SystemCalls(RuleHead head, List<Located<String>> names, List<Condition> conditions, Set<Abi> abis) implements Rule {
        public SystemCalls {
            names = List.copyOf(names);
            conditions = List.copyOf(conditions);
            abis = Set.copyOf(abis);
        }
    }

    /**
     * LSM hooks.
     *
     * @param head what all rules have
     * @param names without {@code bpf_lsm_}
     * @param conditions on the hook's arguments; all of them hold
     */
    record LsmHooks(RuleHead head, List<Located<String>> names, List<Condition> conditions) implements Rule {
        public LsmHooks {
            names = List.copyOf(names);
            conditions = List.copyOf(conditions);
        }
    }

    /**
     * Kernel functions.
     *
     * @param head what all rules have
     * @param names as in the kernel's BTF
     * @param module the module that they are in; empty for the kernel proper
     * @param conditions on the function's arguments; all of them hold
     */
    record KernelFunctions(RuleHead head, List<Located<String>> names, Optional<Located<String>> module, List<Condition> conditions)
            implements Rule {
        public KernelFunctions {
            names = List.copyOf(names);
            conditions = List.copyOf(conditions);
        }
    }

    /**
     * What a custom program decides.
     *
     * @param head what all rules have
     * @param object the name of its file in the directory of programs
     * @param parameters values of the program's variables
     */
    record Programs(RuleHead head, Located<String> object, List<Parameter> parameters) implements Rule {
        public Programs {
            parameters = List.copyOf(parameters);
        }

        /**
         * A variable and its value.
         *
         * @param name of the variable
         * @param value what it is set to
         */
        public record Parameter(Located<String> name, Located<Value> value) {}

        /** What a parameter can be set to. */
        public sealed interface Value {
            /** A whole number. */
            record Number(BigInteger number) implements Value {}

            /** Yes or no. */
            record Flag(boolean flag) implements Value {}

            /** Text. */
            record Text(String text) implements Value {}
        }
    }
}
