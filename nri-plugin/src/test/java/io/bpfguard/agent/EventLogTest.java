package io.bpfguard.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EventLogTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(out, Clock.fixed(Instant.parse("2026-11-23T01:02:03Z"), ZoneOffset.UTC));

    @Test
    void oneObjectALine() throws Exception {
        log.write("agent", json -> json.writeStringField("state", "a\nb\"c"));
        log.write(Instant.EPOCH, "deny", json -> json.writeNumberField("n", 1));
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines).hasSize(2);
        JsonNode first = new ObjectMapper().readTree(lines.get(0));
        assertThat(first.get("time").asText()).isEqualTo("2026-11-23T01:02:03Z");
        assertThat(first.get("event").asText()).isEqualTo("agent");
        assertThat(first.get("state").asText()).isEqualTo("a\nb\"c");
        assertThat(lines.get(1)).startsWith("{\"time\":\"1970-01-01T00:00:00Z\",\"event\":\"deny\"");
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
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines).hasSize(1600);
        for (String line : lines) {
            assertThat(new ObjectMapper().readTree(line).get("event").asText()).isEqualTo("deny");
        }
    }
}
