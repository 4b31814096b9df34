package io.bpfguard.hook;

import static io.bpfguard.hook.Bundles.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RuntimeStateTest {
    private static RuntimeState read(String text) throws HookException {
        return RuntimeState.read(bytes(text));
    }

    @Test
    void runcAtCreateRuntime() throws HookException {
        RuntimeState state = read("""
                {"ociVersion":"1.2.0","id":"abc","status":"creating","pid":4711,"bundle":"/run/b","annotations":{"a":"1","b":""}}
                """);
        assertThat(state).isEqualTo(new RuntimeState("1.2.0", "abc", "creating", 4711, Path.of("/run/b"), Map.of("a", "1", "b", "")));
        assertThat(state.requirePid()).isEqualTo(4711);
    }

    @Test
    void crunAtCreateRuntime() throws HookException {
        RuntimeState state = read("""
                {
                  "ociVersion": "1.0", "id": "abc", "pid": 4711, "root": "/run/b/rootfs", "bundle": "/run/b", "status": "created",
                  "annotations": null
                }
                """);
        assertThat(state).isEqualTo(new RuntimeState("1.0", "abc", "created", 4711, Path.of("/run/b"), Map.of()));
    }

    @Test
    void unknownFieldsOfAnyShapeInAnyOrder() throws HookException {
        RuntimeState state = read("""
                {"x":[[{"id":"no"}],null,true,-1.5e9],"bundle":"/b","y":{"pid":9,"z":{"bundle":[]}},"id":"abc","w":"\\u0000"}
                """);
        assertThat(state).isEqualTo(new RuntimeState("", "abc", "", 0, Path.of("/b"), Map.of()));
    }

    @Test
    void poststopHasNoProcess() throws HookException {
        RuntimeState state = read("{\"id\":\"abc\",\"status\":\"stopped\",\"pid\":0,\"bundle\":\"/b\"}");
        assertThat(state.pid()).isZero();
        assertThatThrownBy(state::requirePid).isInstanceOf(HookException.class).hasMessageContaining("\"pid\"").hasMessageContaining("createRuntime");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{\"bundle\":\"/b\"}                         | has no \"id\"",
        "{\"id\":\"\",\"bundle\":\"/b\"}             | has no \"id\"",
        "{\"id\":\"a\"}                              | has no \"bundle\"",
        "{\"id\":\"a\",\"bundle\":\"b/c\"}           | \"bundle\" is \"b/c\" and must be an absolute path",
        "{\"id\":\"a\",\"bundle\":\"/b\\u0000\"}     | \"bundle\" is \"/b\\u0000\", which is no path",
        "{\"id\":1,\"bundle\":\"/b\"}                | line 1, column 7: \"id\" must be a string, found another value",
        "{\"id\":null,\"bundle\":\"/b\"}             | \"id\" must be a string, found null",
        "{\"id\":\"a\",\"bundle\":[\"/b\"]}          | \"bundle\" must be a string, found an array",
        "{\"id\":\"a\",\"bundle\":\"/b\",\"pid\":\"7\"}    | \"pid\" must be a whole number from 0 to 2147483647, found a string",
        "{\"id\":\"a\",\"bundle\":\"/b\",\"pid\":-1}       | \"pid\" must be a whole number",
        "{\"id\":\"a\",\"bundle\":\"/b\",\"pid\":1.0}      | \"pid\" must be a whole number",
        "{\"id\":\"a\",\"bundle\":\"/b\",\"pid\":2147483648} | \"pid\" must be a whole number",
        "{\"id\":\"a\",\"bundle\":\"/b\",\"pid\":99999999999999999999} | line 1, column 31: \"pid\" must be a whole number",
        "{\"id\":\"a\",\"bundle\":\"/b\",\"status\":true}  | \"status\" must be a string, found true",
        "{\"id\":\"a\",\"bundle\":\"/b\",\"annotations\":[]}         | \"annotations\" must be an object, found an array",
        "{\"id\":\"a\",\"bundle\":\"/b\",\"annotations\":{\"k\":1}}  | \"annotations[\"k\"]\" must be a string",
        "{\"id\":\"a\",\"id\":\"a\",\"bundle\":\"/b\"}               | Duplicate",
        "{\"id\":\"a\",\"bundle\":\"/b\",\"annotations\":{\"k\":\"1\",\"k\":\"2\"}} | Duplicate",
        "{\"id\":\"a\",\"bundle\":\"/b\"} {}         | line 1, column 26: expected nothing after the object",
        "[]                                          | line 1, column 1: expected a JSON object, found an array",
        "null                                        | expected a JSON object, found null",
        "{id:1}                                      | line 1, column 2: Unexpected character",
    })
    void refused(String text, String message) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(HookException.class).hasMessageStartingWith("the runtime's state on standard input")
                .hasMessageContaining(message).message().doesNotContain("\n").contains(";");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\n\n"})
    void nothing(String text) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(HookException.class).hasMessageContaining("expected a JSON object, found the end");
    }

    @Test
    void hostileTextStaysOnOneLine() {
        assertThatThrownBy(() -> read("{\"id\":\"a\",\"bundle\":\"x\\n\\u001b[31m\"}")).isInstanceOf(HookException.class)
                .hasMessageContaining("\"x\\u000a\\u001b[31m\"");
    }

    @Test
    void depthHasALimit() {
        String deep = "{\"id\":\"a\",\"bundle\":\"/b\",\"x\":" + "[".repeat(5000) + "]".repeat(5000) + "}";
        assertThatThrownBy(() -> read(deep)).isInstanceOf(HookException.class).hasMessageContaining("nesting depth");
    }

    @Test
    void theInputIsReadToItsEndAndClosed() throws Exception {
        boolean[] closed = new boolean[1];
        ByteArrayInputStream input = new ByteArrayInputStream(("{\"id\":\"a\",\"bundle\":\"/b\"}" + " ".repeat(100_000)).getBytes()) {
            @Override
            public void close() {
                closed[0] = true;
            }
        };
        RuntimeState.read(input);
        assertThat(input.available()).isZero();
        assertThat(closed[0]).isTrue();
    }

    @Test
    void anInputThatBreaks() {
        InputStream broken = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("gone");
            }
        };
        assertThatThrownBy(() -> RuntimeState.read(broken)).isInstanceOf(HookException.class).hasMessageContaining("cannot be read: gone");
    }
}
