package io.bpfguard.policy.model;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.SignalTarget;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A rule: what happens to some objects of one family. */
public sealed interface Rule {
    /** What all rules have. */
    RuleHead head();

    /**
     * Programs that are run.
     *
     * @param head what all rules have
     * @param paths of the file that becomes a program, or of a script's interpreter
     */
    record Processes(RuleHead head, List<Located<Glob>> paths) implements Rule {
        public Processes {
            paths = List.copyOf(paths);
        }
    }

    /**
     * Files that are opened.
     *
     * @param head what all rules have
     * @param paths of the file
     * @param operations what it is opened for
     */
    record Files(RuleHead head, List<Located<Glob>> paths, Set<PathOperation> operations) implements Rule {
        public Files {
            paths = List.copyOf(paths);
            operations = Set.copyOf(operations);
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
     * @param conditions on the function's arguments; all of them hold
     * @param fallback what happens instead where a denial is not possible
     */
    record KernelFunctions(RuleHead head, List<Located<String>> names, List<Condition> conditions, Optional<Located<Action>> fallback)
            implements Rule {
        public KernelFunctions {
            names = List.copyOf(names);
            conditions = List.copyOf(conditions);
        }
    }
}
