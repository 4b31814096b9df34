package io.bpfguard.policy.read;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a scalar without quotes is to the YAML parsers in use. Versions 1.1 and 1.2 disagree on {@code no}, {@code 010}
 * and {@code 1:20}; whatever one of them does not read as text must be quoted where text is wanted.
 */
final class PlainScalar {
    enum Kind {
        TEXT("text"), BOOLEAN("a boolean"), NUMBER("a number"), DATE("a date"), NULL("nothing");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        String words() {
            return words;
        }
    }

    private static final Set<String> BOOLEANS = Set.of("true", "false", "yes", "no", "on", "off", "y", "n");
    private static final Set<String> NULLS = Set.of("", "~", "null");
    private static final Pattern NUMBER = Pattern.compile(
            "[-+]?(0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[0-9][0-9_]*(:[0-5]?[0-9])*(\\.[0-9_]*)?([eE][-+]?[0-9]+)?"
                    + "|\\.[0-9][0-9_]*([eE][-+]?[0-9]+)?|\\.(inf|Inf|INF))|\\.(nan|NaN|NAN)");
    private static final Pattern DATE = Pattern.compile("[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?");

    private PlainScalar() {}

    static Kind kind(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (NULLS.contains(lower)) {
            return Kind.NULL;
        }
        if (BOOLEANS.contains(lower)) {
            return Kind.BOOLEAN;
        }
        if (NUMBER.matcher(text).matches()) {
            return Kind.NUMBER;
        }
        return DATE.matcher(text).matches() ? Kind.DATE : Kind.TEXT;
    }
}
