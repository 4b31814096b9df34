package io.bpfguard.policy.model;

import java.util.Comparator;
import java.util.Objects;

/**
 * What is wrong with a policy, in one sentence for the person who wrote it, and where.
 *
 * @param file the file's name
 * @param line from 1
 * @param column from 1
 * @param message the sentence
 */
public record Problem(String file, int line, int column, String message) implements Comparable<Problem> {
    private static final Comparator<Problem> BY_PLACE = Comparator.comparing(Problem::file)
            .thenComparingInt(Problem::line).thenComparingInt(Problem::column).thenComparing(Problem::message);

    public Problem {
        Objects.requireNonNull(file, "file is null");
        // It quotes what is wrong.
        message = Printable.lines(message);
    }

    /** A problem at a place. */
    public static Problem at(Position at, String message) {
        return new Problem(at.file(), at.line(), at.column(), message);
    }

    @Override
    public int compareTo(Problem other) {
        return BY_PLACE.compare(this, other);
    }

    /** {@code file:line:column: message}. */
    @Override
    public String toString() {
        return Printable.of(file) + ":" + line + ":" + column + ": " + message;
    }
}
