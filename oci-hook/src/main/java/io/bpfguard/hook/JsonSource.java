package io.bpfguard.hook;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;

/**
 * A JSON document of one object, read field by field; nothing but the fields asked for is kept. Streaming, since binding to
 * objects costs a process that lives for one container 40 ms more.
 *
 * <p>Fields that come twice are refused: runtimes do not agree which one counts. Not thread-safe.
 */
final class JsonSource implements AutoCloseable {
    /** Deeper than any OCI configuration (runtime-spec has less than ten levels). */
    private static final int DEPTH = 64;

    private final String name;
    private final String remedy;
    private final JsonParser parser;

    private JsonSource(String name, String remedy, JsonParser parser) {
        this.name = name;
        this.remedy = remedy;
        this.parser = parser;
    }

    /**
     * Reads bytes; {@link #close} closes them.
     *
     * @param name of the source, as messages begin
     * @param remedy what to do where it is not what it should be, as messages end
     * @param cap bytes that it may have, give or take a buffer
     */
    static JsonSource of(InputStream bytes, String name, String remedy, long cap) throws HookException {
        try {
            return new JsonSource(name, remedy, factory(cap).createParser(bytes));
        } catch (IOException failure) {
            throw new HookException(name + " cannot be read: " + failure.getMessage() + "; " + remedy, failure);
        }
    }

    /** Reads text, which is there already and so has no cap. */
    static JsonSource of(String text, String name, String remedy) throws HookException {
        try {
            return new JsonSource(name, remedy, factory(Math.max(1, text.length())).createParser(text));
        } catch (IOException failure) {
            throw new HookException(name + " cannot be read: " + failure.getMessage() + "; " + remedy, failure);
        }
    }

    private static JsonFactory factory(long cap) {
        StreamReadConstraints limits = StreamReadConstraints.builder().maxNestingDepth(DEPTH).maxDocumentLength(cap)
                .maxStringLength((int) Math.min(cap, Integer.MAX_VALUE)).build();
        return JsonFactory.builder().streamReadConstraints(limits).enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES).build();
    }

    /** Begins the document. */
    void begin() throws HookException {
        if (next() != JsonToken.START_OBJECT) {
            throw wrong("", "a JSON object");
        }
    }

    /** Begins the object that is the current field's value; false where that is null, which Go writes for a map without entries. */
    boolean beginObject(String field) throws HookException {
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return false;
        }
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw wrong(field, "an object");
        }
        return true;
    }

    /** The next field of the object that was begun last, or null at its end. Its value is the current one then. */
    String nextField() throws HookException {
        if (next() == JsonToken.END_OBJECT) {
            return null;
        }
        try {
            String field = parser.currentName();
            next();
            return field;
        } catch (IOException failure) {
            throw broken(failure);
        }
    }

    /** Leaves out the current value, of whatever shape. */
    void skip() throws HookException {
        try {
            parser.skipChildren();
        } catch (IOException failure) {
            throw broken(failure);
        }
    }

    /** The current value, which must be text. */
    String text(String field) throws HookException {
        if (parser.currentToken() != JsonToken.VALUE_STRING) {
            throw wrong(field, "a string");
        }
        try {
            return parser.getText();
        } catch (IOException failure) {
            throw broken(failure);
        }
    }

    /** The current value, which must be a whole number between 0 and the largest. */
    long number(String field, long largest) throws HookException {
        String expected = "a whole number from 0 to " + largest;
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
            throw wrong(field, expected);
        }
        long value;
        try {
            value = parser.getLongValue();
        } catch (IOException tooLong) {
            // All its digits are there; it is only larger than a long.
            throw wrong(field, expected);
        }
        if (value < 0 || value > largest) {
            throw wrong(field, expected);
        }
        return value;
    }

    /** The current value, which must be an object of strings; null is one without entries. */
    Map<String, String> texts(String field) throws HookException {
        Map<String, String> texts = new HashMap<>();
        if (beginObject(field)) {
            for (String key = nextField(); key != null; key = nextField()) {
                texts.put(key, text(field + "[\"" + key + "\"]"));
            }
        }
        return texts;
    }

    /** The whole document as an object of strings; null is one without entries. */
    Map<String, String> allTexts() throws HookException {
        next();
        Map<String, String> texts = texts("");
        end();
        return texts;
    }

    /** Ends the document: only white space may follow. Reads it to its end, so that its writer is not left waiting. */
    void end() throws HookException {
        if (next() != null) {
            throw wrong("", "nothing after the object");
        }
    }

    @Override
    public void close() throws HookException {
        try {
            parser.close();
        } catch (IOException failure) {
            throw new HookException(name + " cannot be closed: " + failure.getMessage(), failure);
        }
    }

    /** What a source lacks. */
    HookException missing(String field, String expected) {
        return new HookException(name + " has no \"" + field + "\", which must be " + expected + "; " + remedy);
    }

    /** The current value is not what it should be; the document itself has no field's name. */
    HookException wrong(String field, String expected) {
        String found = parser.currentToken() == null ? "the end" : found(parser.currentToken());
        String what = field.isEmpty() ? "expected " : "\"" + field + "\" must be ";
        return new HookException(name + place(parser.currentTokenLocation()) + ": " + what + expected + ", found " + found + "; " + remedy);
    }

    private static String found(JsonToken token) {
        if (token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY) {
            return token == JsonToken.START_OBJECT ? "an object" : "an array";
        }
        if (token == JsonToken.VALUE_STRING) {
            return "a string";
        }
        if (token == JsonToken.VALUE_NULL || token == JsonToken.VALUE_TRUE || token == JsonToken.VALUE_FALSE) {
            return token.asString();
        }
        return "another value";
    }

    private JsonToken next() throws HookException {
        try {
            return parser.nextToken();
        } catch (IOException failure) {
            throw broken(failure);
        }
    }

    private HookException broken(IOException failure) {
        if (failure instanceof JsonProcessingException syntax) {
            String message = syntax.getOriginalMessage();
            int end = message.indexOf(" (start marker at");
            return new HookException(name + place(syntax.getLocation() == null ? parser.currentLocation() : syntax.getLocation()) + ": " + (end < 0 ? message : message.substring(0, end)) + "; " + remedy, failure);
        }
        return new HookException(name + place(parser.currentLocation()) + ": cannot be read: " + failure.getMessage() + "; " + remedy, failure);
    }

    private static String place(JsonLocation location) {
        return ", line " + location.getLineNr() + ", column " + location.getColumnNr();
    }
}
