package io.bpfguard.policy.read;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.bpfguard.policy.model.Glob;

/** JSON Schemas of globs. The patterns accept every glob, and also some of what only its parser refuses. */
final class GlobSchema {
    private GlobSchema() {}

    /** A list of globs, one of which matches. */
    static ObjectNode globs(Glob.Kind kind) {
        return SchemaValues.list(SchemaValues.definition(name(kind)));
    }

    static String name(Glob.Kind kind) {
        return switch (kind) {
            case PATH -> "pathGlob";
            case NAME -> "nameGlob";
            case TEXT -> "textGlob";
        };
    }

    static ObjectNode definition(Glob.Kind kind) {
        return switch (kind) {
            // A slash or two stars, perhaps escaped or out of braces.
            case PATH -> SchemaValues.described("A glob for whole paths: * is anything within one component, ** anything, ? one byte, [a-z] and"
                    + " [!x] one of some ASCII characters, {a,b} one of several, \\* the character itself. It begins with / or **.",
                    SchemaValues.textWith("^(/|\\\\/|\\{|\\*[*{])"));
            // A slash can only be in brackets.
            case NAME -> SchemaValues.described("A glob for names, which have no slash: * is anything, ? one byte, [a-z] and [!x] one of some ASCII"
                    + " characters, {a,b} one of several, \\* the character itself.", SchemaValues.textWith("^[^/\\[]+$|^[^/\\[]*\\["));
            case TEXT -> SchemaValues.described("A glob for text, in which slashes are characters like others: * is anything, ? one byte, [a-z] and"
                    + " [!x] one of some ASCII characters, {a,b} one of several, \\* the character itself.", SchemaValues.text());
        };
    }
}
