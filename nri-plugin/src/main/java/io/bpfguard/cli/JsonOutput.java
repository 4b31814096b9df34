package io.bpfguard.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;

/** What {@code --json} prints: one object, indented. The names of its fields are stable; new ones may come. */
final class JsonOutput {
    private static final ObjectMapper MAPPER = new ObjectMapper().disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
            .enable(SerializationFeature.INDENT_OUTPUT);

    private JsonOutput() {}

    /** Prints a value made of records, maps, lists, text and numbers. */
    static void print(Object value, PrintWriter out) {
        try {
            MAPPER.writeValue(out, value);
            out.println();
            out.flush();
        } catch (IOException impossible) {
            throw new UncheckedIOException("writing JSON", impossible);
        }
    }
}
