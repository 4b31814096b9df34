package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.CustomProgram;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * A custom program as its object describes it ({@code bpf/src/main/c/program.h}).
 *
 * @param name of the file
 * @param image the object's bytes; not changed by anybody
 * @param place how it is attached
 * @param target the name of the LSM hook or kernel function
 * @param parameters the variables that a rule can set
 */
public record ProgramFile(String name, byte[] image, Place place, String target, List<Parameter> parameters) {
    /** How a program is attached. */
    public enum Place {
        /** At an LSM hook. */
        LSM,
        /** At the entry of a function, where it sees. */
        FENTRY,
        /** At the entry of a function, where it prevents. */
        FMOD_RET;

        /** As sections and mechanisms have it. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What a variable holds. */
    public enum Kind {
        /** A number from 0 on. */
        UNSIGNED,
        /** A number with a sign. */
        SIGNED,
        /** {@code bool}. */
        FLAG,
        /** An array of {@code char}. */
        TEXT,
        /** Something that no rule can set. */
        OTHER
    }

    /**
     * A variable that a rule can set.
     *
     * @param name in C
     * @param kind what it holds
     * @param size in bytes
     */
    public record Parameter(String name, Kind kind, int size) {}

    public ProgramFile {
        Objects.requireNonNull(place, "place is null");
        Objects.requireNonNull(target, "target is null");
        parameters = List.copyOf(parameters);
    }

    /** The program with these values in its variables. */
    CustomProgram with(Map<String, byte[]> constants) {
        return new CustomProgram(name, image, constants);
    }
}
