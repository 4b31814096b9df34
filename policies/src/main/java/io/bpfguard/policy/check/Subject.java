package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.CustomProgram;
import io.bpfguard.policy.compiled.Extractor;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.PathOperation;
import io.bpfguard.policy.compiled.ProcessAccess;
import io.bpfguard.policy.compiled.SignalTarget;
import io.bpfguard.policy.model.ByteSet;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobToken;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What a matcher compares the object at hand with. */
public sealed interface Subject {
    /** The operation of objects that have only one. */
    Set<Integer> ONLY = Set.of(0);

    /**
     * Keys.
     *
     * @param fields what a field's bytes look like: one of these sequences; a field that is not here may be anything
     * @param operations what is done, as the matcher numbers it
     */
    record Keys(Map<KeyField, List<List<GlobToken>>> fields, Set<Integer> operations) implements Subject {
        public Keys {
            fields = fields.entrySet().stream().collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, entry -> List.copyOf(entry.getValue())));
            operations = Set.copyOf(operations);
            if (fields.values().stream().anyMatch(List::isEmpty)) {
                throw new IllegalArgumentException("a field without a sequence matches nothing: " + fields);
            }
        }
    }

    /**
     * Arguments of a hook, a function or the system call in progress, and what they lead to.
     *
     * @param values what the bytes of a value look like: one of these sequences, 8 bytes for an integer; at least one value
     */
    record Arguments(Map<Extractor, List<List<GlobToken>>> values) implements Subject {
        public Arguments {
            values = values.entrySet().stream().collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, entry -> List.copyOf(entry.getValue())));
            if (values.isEmpty() || values.values().stream().anyMatch(List::isEmpty)) {
                throw new IllegalArgumentException("no value, or one that matches nothing: " + values);
            }
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

    /**
     * Signals to other processes.
     *
     * @param signals one of them is sent
     * @param targets to a process of one of these
     */
    record Signals(Set<Integer> signals, Set<SignalTarget> targets) implements Subject {
        public Signals {
            signals = Set.copyOf(signals);
            targets = Set.copyOf(targets);
        }
    }

    /**
     * Files of procfs that show a process's memory.
     *
     * @param accesses what the opening gives access to
     */
    record ProcessFiles(Set<ProcessAccess> accesses) implements Subject {
        public ProcessFiles {
            accesses = Set.copyOf(accesses);
        }
    }

    /** Tokens that match a text and nothing else. */
    static List<GlobToken> literal(String text) {
        return text.chars().<GlobToken>mapToObj(letter -> new GlobToken.One(ByteSet.of(letter))).toList();
    }

    /**
     * What a custom program says yes to.
     *
     * @param program is asked
     */
    record Program(CustomProgram program) implements Subject {}

    /** Every call. */
    record Always() implements Subject {}

    /**
     * What no rule names.
     *
     * @param operations that the default is for, as the matcher numbers them
     */
    record Rest(Set<Integer> operations) implements Subject {
        public Rest {
            operations = Set.copyOf(operations);
        }
    }

    /** Files by path alone. */
    static Keys paths(List<Glob> globs, Set<PathOperation> operations) {
        return new Keys(Map.of(KeyField.PATH, sequences(globs)), numbers(operations));
    }

    /** What one of several globs matches, as sequences of a field. */
    static List<List<GlobToken>> sequences(List<Glob> globs) {
        return globs.stream().flatMap(glob -> glob.alternatives().stream()).toList();
    }

    /** Operations by number. */
    static Set<Integer> numbers(Set<? extends Enum<?>> operations) {
        return operations.stream().map(Enum::ordinal).collect(Collectors.toUnmodifiableSet());
    }
}
