package io.bpfguard.policy.model;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.PathOperation;
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
     * File systems that are mounted.
     *
     * @param head what all rules have
     * @param types of the file system; {@code bind}, {@code move}, {@code remount} and {@code propagation} are the uses
     *     of mount(2) without one
     */
    record Mounts(RuleHead head, List<Located<Glob>> types) implements Rule {
        public Mounts {
            types = List.copyOf(types);
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
