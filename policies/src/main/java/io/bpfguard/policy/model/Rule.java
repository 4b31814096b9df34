package io.bpfguard.policy.model;

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
     */
    record SystemCalls(RuleHead head, List<Located<String>> names) implements Rule {
        public SystemCalls {
            names = List.copyOf(names);
        }
    }

    /**
     * LSM hooks: the same verdict at each call.
     *
     * @param head what all rules have
     * @param names without {@code bpf_lsm_}
     */
    record LsmHooks(RuleHead head, List<Located<String>> names) implements Rule {
        public LsmHooks {
            names = List.copyOf(names);
        }
    }

    /**
     * Kernel functions: the same verdict at each call.
     *
     * @param head what all rules have
     * @param names as in the kernel's BTF
     * @param module the module that they are in; empty for the kernel proper
     */
    record KernelFunctions(RuleHead head, List<Located<String>> names, Optional<Located<String>> module)
            implements Rule {
        public KernelFunctions {
            names = List.copyOf(names);
        }
    }
}
