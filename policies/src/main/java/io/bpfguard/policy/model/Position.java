package io.bpfguard.policy.model;

import java.util.Objects;

/**
 * A place in a policy file.
 *
 * @param file the file's name as the reader was given it
 * @param line from 1
 * @param column from 1, in characters
 */
public record Position(String file, int line, int column) {
    public Position {
        Objects.requireNonNull(file, "file is null");
        if (line < 1 || column < 1) {
            throw new IllegalArgumentException("lines and columns count from 1, not " + line + ":" + column);
        }
    }

    /** The beginning of a file: for what concerns the file as a whole. */
    public static Position startOf(String file) {
        return new Position(file, 1, 1);
    }

    /** {@code file:line:column}, as compilers print it. */
    @Override
    public String toString() {
        return file + ":" + line + ":" + column;
    }
}
