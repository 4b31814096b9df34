package io.bpfguard.policy.read;

import io.bpfguard.policy.model.Position;

/** Lines and columns of a place in text. */
final class TextPlace {
    private TextPlace() {}

    /** The position behind {@code characters} code points of the text. */
    static Position of(String file, String text, int characters) {
        int line = 1;
        int column = 1;
        int[] codePoints = text.codePoints().limit(characters).toArray();
        for (int character : codePoints) {
            if (character == '\n') {
                line++;
                column = 1;
            } else {
                column++;
            }
        }
        return new Position(file, line, column);
    }
}
