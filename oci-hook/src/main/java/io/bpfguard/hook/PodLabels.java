package io.bpfguard.hook;

import java.util.HashMap;
import java.util.Map;

/**
 * Labels written into one annotation, {@code key=value,key2=value2}, for hosts whose runtime does not pass them on. Keys and
 * values are those of Kubernetes ("Labels and Selectors", syntax and character set); nothing else may stand between them.
 */
final class PodLabels {
    /** The annotation. */
    static final String ANNOTATION = "bpfguard.io/labels";

    private static final int LONGEST_NAME = 63;
    private static final int LONGEST_PREFIX = 253;
    private static final String EXPECTED = "; expected key=value,key2=value2 as Kubernetes has labels: keys and values of letters, digits, '-', '_' and '.', at most "
            + LONGEST_NAME + ", that begin and end with a letter or digit; a value may be empty, a key may have a DNS name and '/' before it";

    private PodLabels() { }

    /**
     * Reads an annotation's value; an empty one is no labels.
     *
     * @throws HookException with the position of what is wrong, counted in characters from 1
     */
    static Map<String, String> parse(String text) throws HookException {
        Map<String, String> labels = new HashMap<>();
        int start = 0;
        while (start < text.length() || start > 0 && start == text.length()) {
            int end = endOf(text, ',', start, text.length());
            int equals = endOf(text, '=', start, end);
            if (equals == end) {
                throw wrong(start, "\"" + text.substring(start, end) + "\" is no key=value");
            }
            key(text, start, equals);
            if (equals + 1 < end) {
                name(text, equals + 1, end, "value");
            }
            if (labels.put(text.substring(start, equals), text.substring(equals + 1, end)) != null) {
                throw wrong(start, "the key \"" + text.substring(start, equals) + "\" comes twice");
            }
            start = end + 1;
        }
        return labels;
    }

    private static int endOf(String text, char mark, int start, int limit) {
        int found = text.indexOf(mark, start, limit);
        return found < 0 ? limit : found;
    }

    private static void key(String text, int start, int end) throws HookException {
        int slash = endOf(text, '/', start, end);
        if (slash == end) {
            name(text, start, end, "key");
            return;
        }
        if (slash - start > LONGEST_PREFIX) {
            throw wrong(start, "the part of a key before '/' has more than " + LONGEST_PREFIX + " characters");
        }
        for (int word = start; word <= slash; ) {
            int dot = endOf(text, '.', word, slash);
            word(text, word, dot);
            word = dot + 1;
        }
        name(text, slash + 1, end, "key");
    }

    /** One word of a DNS name (RFC 1123, in small letters). */
    private static void word(String text, int start, int end) throws HookException {
        for (int at = start; at < end; at++) {
            char character = text.charAt(at);
            if (!isLowerOrDigit(character) && (character != '-' || at == start || at == end - 1)) {
                throw wrong(at, "'" + character + "' cannot stand here in the DNS name before '/'");
            }
        }
        if (start == end) {
            throw wrong(start, "a word of the DNS name before '/' is empty");
        }
    }

    private static void name(String text, int start, int end, String what) throws HookException {
        if (start == end) {
            throw wrong(start, "the " + what + " is empty");
        }
        if (end - start > LONGEST_NAME) {
            throw wrong(start, "the " + what + " \"" + text.substring(start, end) + "\" has more than " + LONGEST_NAME + " characters");
        }
        for (int at = start; at < end; at++) {
            char character = text.charAt(at);
            boolean inside = at > start && at < end - 1 && (character == '-' || character == '_' || character == '.');
            if (!inside && !isLowerOrDigit(character) && (character < 'A' || character > 'Z')) {
                throw wrong(at, "'" + character + "' cannot stand here in a " + what);
            }
        }
    }

    private static boolean isLowerOrDigit(char character) {
        return character >= 'a' && character <= 'z' || character >= '0' && character <= '9';
    }

    private static HookException wrong(int at, String what) {
        return new HookException("annotation " + ANNOTATION + ", character " + (at + 1) + ": " + what + EXPECTED);
    }
}
