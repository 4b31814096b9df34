package io.bpfguard.events;

/** Text that others chose, for a terminal. */
public final class Printable {
    private Printable() {}

    /** The same text, where what has no shape of its own (controls, marks that turn the direction of writing, line ends) stands as {@code \}{@code u{1b}}. */
    public static String of(String text) {
        StringBuilder printable = new StringBuilder(text.length());
        text.codePoints().forEach(point -> {
            switch (Character.getType(point)) {
                case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                        Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> printable.append("\\u{").append(Integer.toHexString(point)).append('}');
                default -> printable.appendCodePoint(point);
            }
        });
        return printable.toString();
    }
}
