package io.bpfguard.policy.simulate;

import io.bpfguard.policy.compiled.FileKind;
import io.bpfguard.policy.compiled.HookPoint;
import io.bpfguard.policy.compiled.PathOperation;
import java.util.List;
import java.util.Set;

/** Something that a container does. What is not said of it is unknown, which rules that ask for it do not match. */
public sealed interface Attempt {
    /**
     * A file is used in some way: opened, changed, run.
     *
     * @param path from the container's root, as the kernel resolves it
     * @param operation what is done
     * @param from the path of the program that does it; may be empty
     * @param fileSystem the type of the file system that holds the file; may be empty
     * @param kinds what the file is besides its path
     * @param device the number of a device node, see {@link io.bpfguard.policy.compiled.Device}; 0 for other files
     * @param arguments of a program that is run, without its name
     */
    record UseFile(String path, PathOperation operation, String from, String fileSystem, Set<FileKind> kinds, long device,
            List<String> arguments) implements Attempt {
        public UseFile {
            kinds = Set.copyOf(kinds);
            arguments = List.copyOf(arguments);
        }
    }

    /**
     * Something is mounted.
     *
     * @param type of the file system, or the word for a use of mount(2) without one
     * @param source the first argument of mount(2); may be empty
     * @param flags of mount(2), {@code MS_…}
     */
    record Mount(String type, String source, long flags) implements Attempt {}

    /**
     * A capability is asked for.
     *
     * @param number the capability
     */
    record UseCapability(int number) implements Attempt {}

    /**
     * A system call passes the hooks at which it can be stopped.
     *
     * @param number in the table of its ABI
     * @param compat whether it is entered as a 32-bit call
     */
    record SystemCall(int number, boolean compat) implements Attempt {}

    /**
     * An LSM hook or a kernel function is called.
     *
     * @param point which
     */
    record Call(HookPoint point) implements Attempt {}
}
