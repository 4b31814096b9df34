package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.model.Glob;
import java.util.List;
import java.util.Set;

/** What a matcher compares the object at hand with. */
public sealed interface Subject {
    /**
     * Paths.
     *
     * @param globs one of them matches
     * @param operations what is done to the path
     */
    record Paths(List<Glob> globs, Set<PathOperation> operations) implements Subject {
        public Paths {
            globs = List.copyOf(globs);
            operations = Set.copyOf(operations);
        }
    }

    /**
     * File system types.
     *
     * @param globs one of them matches
     */
    record FileSystemTypes(List<Glob> globs) implements Subject {
        public FileSystemTypes {
            globs = List.copyOf(globs);
        }
    }

    /**
     * Capabilities.
     *
     * @param numbers one of them is asked for
     */
    record Capabilities(Set<Integer> numbers) implements Subject {
        public Capabilities {
            numbers = Set.copyOf(numbers);
        }
    }

    /**
     * System calls.
     *
     * @param numbers64 one of them is in progress, entered as a 64-bit or (from 512 on) an x32 call
     * @param numbers32 or one of these, entered as a 32-bit call
     */
    record SystemCalls(Set<Integer> numbers64, Set<Integer> numbers32) implements Subject {
        public SystemCalls {
            numbers64 = Set.copyOf(numbers64);
            numbers32 = Set.copyOf(numbers32);
        }
    }

    /** Every call. */
    record Always() implements Subject {}

    /**
     * What no rule names.
     *
     * @param operations for paths: the operations that the default is for; otherwise empty
     */
    record Rest(Set<PathOperation> operations) implements Subject {
        public Rest {
            operations = Set.copyOf(operations);
        }
    }
}
