package io.bpfguard.events;

import java.io.IOException;
import java.io.OutputStream;

/** A place where events go. Called by one thread at a time. */
public interface EventSink extends AutoCloseable {
    /**
     * Takes one event.
     *
     * @param line of JSON, in ASCII, with its end of line
     * @throws IOException if it could not be kept; the next one is tried again
     */
    void write(byte[] line) throws IOException;

    /** For messages: a file's path, {@code standard output}. */
    String name();

    @Override
    default void close() throws IOException {}

    /** A stream, which stays open. */
    static EventSink to(OutputStream out, String name) {
        return new EventSink() {
            @Override
            public void write(byte[] line) throws IOException {
                out.write(line);
                out.flush();
            }

            @Override
            public String name() {
                return name;
            }
        };
    }
}
