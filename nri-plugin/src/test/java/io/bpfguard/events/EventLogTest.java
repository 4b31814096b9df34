package io.bpfguard.events;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EventLogTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-23T01:02:03Z"), ZoneOffset.UTC);

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(List.of(EventSink.to(out, "memory")), CLOCK);

    private List<String> lines() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void oneObjectALine() throws Exception {
        log.write("agent", json -> json.writeStringField("state", "a\nb\"c"));
        log.write(Instant.EPOCH, "deny", json -> json.writeNumberField("n", 1));
        assertThat(lines()).hasSize(2);
        JsonNode first = new ObjectMapper().readTree(lines().get(0));
        assertThat(first.get("time").asText()).isEqualTo("2026-11-23T01:02:03Z");
        assertThat(first.get("event").asText()).isEqualTo("agent");
        assertThat(first.get("state").asText()).isEqualTo("a\nb\"c");
        assertThat(lines().get(1)).isEqualTo("{\"version\":1,\"time\":\"1970-01-01T00:00:00Z\",\"event\":\"deny\",\"n\":1}");
    }

    /** What a terminal would obey: escape sequences in 7 and 8 bits, DEL, line ends that are none in ASCII, and writing that turns round. */
    @Test
    void whatAContainerChoseIsPrintableAsciiAndComesBack() throws Exception {
        String hostile = "\u001b]0;owned\u0007\u009b2J\u007f\u0085\u2028\u202ecod.exe\\\"\r\n\0 ü 漢 \ud83d\ude00";
        log.write("deny", json -> json.writeStringField("object", hostile));
        assertThat(out.toByteArray()).satisfies(bytes -> {
            for (int i = 0; i < bytes.length - 1; i++) {
                assertThat(bytes[i]).isBetween((byte) 0x20, (byte) 0x7e);
            }
        });
        assertThat(new ObjectMapper().readTree(lines().get(0)).get("object").asText()).isEqualTo(hostile);
    }

    @Test
    void linesOfManyWritersAreWhole() throws Exception {
        List<Thread> writers = IntStream.range(0, 8).mapToObj(writer -> Thread.ofVirtual().start(() -> {
            for (int i = 0; i < 200; i++) {
                log.write("deny", json -> json.writeNumberField("writer", writer));
            }
        })).toList();
        for (Thread writer : writers) {
            writer.join();
        }
        assertThat(lines()).hasSize(1600);
        for (String line : lines()) {
            assertThat(new ObjectMapper().readTree(line).get("event").asText()).isEqualTo("deny");
        }
    }

    /** A full disk must not keep events from standard output, nor stop who writes them. */
    @Test
    void oneSinkThatFailsDoesNotStopTheOthers() {
        boolean[] full = {true};
        ByteArrayOutputStream disk = new ByteArrayOutputStream();
        EventSink sometimesFull = EventSink.to(new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                if (full[0]) {
                    throw new IOException("No space left on device");
                }
                disk.write(value);
            }
        }, "disk");
        EventLog both = new EventLog(List.of(sometimesFull, EventSink.to(out, "memory")), CLOCK);
        both.write("deny", json -> json.writeNumberField("n", 1));
        both.write("deny", json -> json.writeNumberField("n", 2));
        full[0] = false;
        both.write("deny", json -> json.writeNumberField("n", 3));
        assertThat(lines()).hasSize(3);
        assertThat(both.lost()).isEqualTo(2);
        assertThat(disk.toString(StandardCharsets.UTF_8)).contains("\"n\":3").hasLineCount(1);
    }
}
