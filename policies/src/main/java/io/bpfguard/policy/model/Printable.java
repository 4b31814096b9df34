package io.bpfguard.policy.model;

/** Text that others chose, for a terminal. */
public final class Printable {
    private Printable() {}

    /** The same text, where what has no shape of its own (controls, marks that turn the direction of writing, line ends) stands as {@code \}{@code u{1b}}. */
    public static String of(String text) {
        return of(text, false);
    }

    /** The same, but lines stay lines. */
    public static String lines(String text) {
        return of(text, true);
    }

    private static String of(String text, boolean lines) {
        StringBuilder printable = new StringBuilder(text.length());
        text.codePoints().forEach(point -> {
            if (hasShape(point) || lines && (point == '\n' || point == '\t')) {
                printable.appendCodePoint(point);
            } else {
                printable.append("\\u{").append(Integer.toHexString(point)).append('}');
            }
        });
        return printable.toString();
    }

    /** False for controls, line ends, what reorders text, halves of a pair, and what has no meaning. */
    public static boolean hasShape(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.UNASSIGNED, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
