package io.bpfguard.policy.learn;

import java.util.regex.Pattern;

/** Text of others in a YAML document: whatever it holds, it is one scalar on one line. */
final class YamlText {
    private static final Pattern PLAIN_PATH = Pattern.compile("/[A-Za-z0-9_./@+=-]*");

    private YamlText() {}

    /** As it is where that is a path that every reader takes for text, else in quotes. */
    static String path(String text) {
        return PLAIN_PATH.matcher(text).matches() ? text : quoted(text);
    }

    /** In double quotes, with escapes for everything but printable ASCII. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(character -> {
            if (character == '"' || character == '\\') {
                quoted.append('\\').append((char) character);
            } else if (character >= ' ' && character < 0x7f) {
                quoted.append((char) character);
            } else {
                quoted.append((character <= 0xff ? "\\x%02x" : character <= 0xffff ? "\\u%04x" : "\\U%08x").formatted(character));
            }
        });
        return quoted.append('"').toString();
    }
}
