package io.bpfguard.bpf.routing;

import java.util.Set;

/**
 * What is done with workloads in cgroups below guarded roots that no container was announced for, because the runtime got no answer when
 * it made them ({@code unclaimed.h}). Containers that were there before the kernel's state are none of these.
 *
 * @param mode what is done
 * @param roots names of cgroups directly below the root of the hierarchy, whether they exist or not
 * @param pausePrograms file names of the programs that hold a pod's namespaces: not refused but stopped, until {@link Routing#release}
 */
public record Unclaimed(Mode mode, Set<String> roots, Set<String> pausePrograms) {
    /** How many roots, and programs, there can be ({@code GUARDED_ROOTS}). */
    static final int MOST = 16;

    /** {@code enum unclaimed_mode}; same order. */
    public enum Mode {
        /** They are executed. */
        ALLOW,
        /** They are executed, and reported. */
        AUDIT,
        /** They are refused with EPERM, and reported. */
        DENY
    }

    /** @throws IllegalArgumentException if a name cannot be one, or there are too many */
    public Unclaimed {
        roots = Set.copyOf(roots);
        pausePrograms = Set.copyOf(pausePrograms);
        check(roots, "guarded roots", Layout.NAME_SIZE);
        check(pausePrograms, "pause programs", Layout.PROGRAM_NAME_SIZE);
    }

    private static void check(Set<String> names, String what, int size) {
        if (names.size() > MOST) {
            throw new IllegalArgumentException(names.size() + " " + what + "; there can be " + MOST);
        }
        for (String name : names) {
            if (name.isEmpty() || name.contains("/") || name.getBytes(java.nio.charset.StandardCharsets.UTF_8).length >= size) {
                throw new IllegalArgumentException("\"" + name + "\" among the " + what + " is not the name of one directory entry of 1 to " + (size - 1) + " bytes");
            }
        }
    }
}
