package io.bpfguard.events;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobSyntaxException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventTextTest {
    private static JsonNode event(String json) throws IOException {
        return new ObjectMapper().readTree(json);
    }

    @Test
    void aDecision() throws Exception {
        assertThat(EventText.of(event("""
                {"version":1,"time":"2026-11-29T16:31:40Z","event":"deny","namespace":"prod","pod":"web-1","container":"main","containerId":"c1","policy":"web",
                 "rule":"files[0] (secrets)","hook":"file_open","mechanism":"lsm/file_open","errno":"EACCES","process":{"pid":12,"tid":12,"nsPid":3,"uid":0,"comm":"cat"},
                 "operation":"read","object":"/etc/shadow","generation":3}""")))
                .isEqualTo("2026-11-29T16:31:40Z deny prod/web-1/main: read /etc/shadow by cat (pid 12, uid 0), EACCES: web files[0] (secrets), lsm/file_open");
    }

    @Test
    void anInternalErrorOfAContainerWithoutAName() throws Exception {
        assertThat(EventText.of(event("""
                {"version":1,"time":"T","event":"deny","slot":7,"hook":"file_open","mechanism":"lsm/file_open","reason":"no_memory","errno":"EPERM",
                 "process":{"pid":12,"tid":12,"nsPid":3,"uid":0,"comm":"cat"},"generation":3}""")))
                .isEqualTo("T deny container in slot 7: by cat (pid 12, uid 0), EPERM: no_memory, lsm/file_open");
    }

    @Test
    void others() throws Exception {
        assertThat(EventText.of(event("{\"version\":1,\"time\":\"T\",\"event\":\"policies-rejected\",\"problems\":[\"a.yaml:1:2: x\",\"b\"]}")))
                .isEqualTo("T policies-rejected problems a.yaml:1:2: x; b");
        assertThat(EventText.of(event("{\"time\":\"T\",\"event\":\"events-missing\",\"namespace\":\"\",\"pod\":\"\",\"container\":\"\",\"containerId\":\"c1\",\"lost\":3}")))
                .isEqualTo("T events-missing c1: lost 3");
    }

    @Test
    void whatAContainerChoseCannotSpeakToTheTerminal() throws Exception {
        assertThat(EventText.of(event("{\"time\":\"T\",\"event\":\"agent\",\"state\":\"\\u001b[2J\\u009b\\u202ex\\ny \\u00fc\"}")))
                .isEqualTo("T agent state \\u{1b}[2J\\u{9b}\\u{202e}x\\u{a}y ü");
    }

    @Test
    void filters() throws Exception {
        JsonNode deny = event("{\"event\":\"deny\",\"namespace\":\"prod\",\"slot\":7}");
        assertThat(wants(deny)).isTrue();
        assertThat(wants(deny, "event", "deny")).isTrue();
        assertThat(wants(deny, "event", "{audit,deny}", "namespace", "pr*")).isTrue();
        assertThat(wants(deny, "event", "deny", "namespace", "test")).isFalse();
        assertThat(wants(deny, "pod", "*")).as("an event without a pod").isFalse();
        assertThat(wants(deny, "slot", "7")).as("not a text").isFalse();
    }

    private static boolean wants(JsonNode event, String... fields) throws GlobSyntaxException {
        Map<String, Glob> globs = new HashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            globs.put(fields[i], Glob.parse(fields[i + 1], Glob.Kind.NAME));
        }
        return new EventFilter(globs).wants(event);
    }
}
