package io.bpfguard.events;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events as JSON, one object a line, in printable ASCII: what a container chose, a file's name for instance, cannot end a line or
 * speak to a terminal. A sink that fails loses its lines, which are counted, and is tried again; the others get theirs. Thread-safe.
 */
public final class EventLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventLog.class);
    /** Of the fields: rises when one goes or changes its meaning; new ones may come without. See docs/events.md. */
    public static final int VERSION = 1;
    /** Between two messages about one sink. */
    private static final Duration SAY_AGAIN = Duration.ofMinutes(1);

    private final JsonFactory json = JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build().setCharacterEscapes(new WithDelete());
    private final ReentrantLock lock = new ReentrantLock();
    private final List<EventSink> sinks;
    private final Clock clock;
    private final AtomicLong lost = new AtomicLong();
    private final Map<EventSink, Instant> saidOf = new HashMap<>();

    /** @param sinks this log's from now on */
    public EventLog(List<EventSink> sinks, Clock clock) {
        this.sinks = List.copyOf(sinks);
        this.clock = clock;
    }

    /** Writes the fields of one event. */
    public interface Fields {
        /** Called once. */
        void write(JsonGenerator json) throws IOException;
    }

    /** An event of this moment. */
    public void write(String event, Fields fields) {
        write(clock.instant(), event, fields);
    }

    /**
     * Writes one line.
     *
     * @param time when it happened
     * @param event what it is: deny, audit, kill, agent, policies, policies-rejected
     */
    public void write(Instant time, String event, Fields fields) {
        byte[] line = line(time, event, fields);
        lock.lock();
        try {
            sinks.forEach(sink -> write(sink, line));
        } finally {
            lock.unlock();
        }
    }

    private byte[] line(Instant time, String event, Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator line = json.createGenerator(bytes)) {
            line.writeStartObject();
            line.writeNumberField("version", VERSION);
            line.writeStringField("time", time.toString());
            line.writeStringField("event", event);
            fields.write(line);
            line.writeEndObject();
            line.writeRaw('\n');
        } catch (IOException failure) {
            throw new UncheckedIOException("an event cannot be written as JSON", failure);
        }
        return bytes.toByteArray();
    }

    private void write(EventSink sink, byte[] line) {
        try {
            sink.write(line);
        } catch (IOException failure) {
            long number = lost.incrementAndGet();
            Instant now = clock.instant();
            Instant said = saidOf.get(sink);
            if (said == null || Duration.between(said, now).compareTo(SAY_AGAIN) >= 0) {
                saidOf.put(sink, now);
                LOG.error("events cannot be written to {}: {}; {} were lost there so far, and decisions are the same without them", sink.name(),
                        failure.getMessage(), number);
            }
        }
    }

    /** How many lines a sink did not take. */
    public long lost() {
        return lost.get();
    }

    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            for (EventSink sink : sinks) {
                sink.close();
            }
        } finally {
            lock.unlock();
        }
    }

    /** The escapes that JSON asks for, and DEL, which terminals do not print. */
    private static final class WithDelete extends CharacterEscapes {
        private static final long serialVersionUID = 1;
        private static final int DELETE = 0x7f;
        private final int[] escapes = standardAsciiEscapesForJSON();

        WithDelete() {
            escapes[DELETE] = ESCAPE_STANDARD;
        }

        @Override
        public int[] getEscapeCodesForAscii() {
            return escapes;
        }

        @Override
        public SerializableString getEscapeSequence(int character) {
            return null;
        }
    }
}
