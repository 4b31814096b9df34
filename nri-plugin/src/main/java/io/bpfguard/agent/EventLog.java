package io.bpfguard.agent;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;

/** Events as JSON, one object a line. Thread-safe: a line is written whole. */
final class EventLog {
    private final JsonFactory json = JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();
    private final ReentrantLock lock = new ReentrantLock();
    private final OutputStream out;
    private final Clock clock;

    EventLog(OutputStream out, Clock clock) {
        this.out = out;
        this.clock = clock;
    }

    /** Writes the fields of one event. */
    interface Fields {
        void write(JsonGenerator json) throws IOException;
    }

    /** An event of this moment. */
    void write(String event, Fields fields) {
        write(clock.instant(), event, fields);
    }

    /**
     * Writes one line.
     *
     * @param time when it happened
     * @param event what it is: deny, audit, kill, agent, policies, policies-rejected
     */
    void write(Instant time, String event, Fields fields) {
        lock.lock();
        try (JsonGenerator line = json.createGenerator(out)) {
            line.writeStartObject();
            line.writeStringField("time", time.toString());
            line.writeStringField("event", event);
            fields.write(line);
            line.writeEndObject();
            line.writeRaw('\n');
            line.flush();
            out.flush();
        } catch (IOException failure) {
            throw new UncheckedIOException("writing an event", failure);
        } finally {
            lock.unlock();
        }
    }
}
