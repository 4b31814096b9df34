package io.bpfguard.policy.model;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.FileKind;
import io.bpfguard.policy.compiled.PathOperation;
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
     * @param fallback what happens instead where a denial is not possible
     */
    record KernelFunctions(RuleHead head, List<Located<String>> names, Optional<Located<Action>> fallback)
            implements Rule {
        public KernelFunctions {
            names = List.copyOf(names);
        }
    }
}
