package io.bpfguard.policy.read;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlainScalarTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"web|TEXT", "a-1|TEXT", "1a|TEXT", "10.0.0.1|TEXT", "v1.2|TEXT", "-|TEXT",
            "e3|TEXT", "nope|TEXT",
        "2024|NUMBER", "-1|NUMBER", "+1|NUMBER", "1.5|NUMBER", "1e3|NUMBER", "1_000|NUMBER", "0x1f|NUMBER",
                "0o17|NUMBER", "017|NUMBER",
        "089|NUMBER", "0b1|NUMBER", "1:20|NUMBER", "190:20:30|NUMBER", ".5|NUMBER", ".inf|NUMBER", "-.INF|NUMBER",
                ".nan|NUMBER",
        "yes|BOOLEAN", "No|BOOLEAN", "ON|BOOLEAN", "off|BOOLEAN", "true|BOOLEAN", "FALSE|BOOLEAN", "y|BOOLEAN",
                "N|BOOLEAN",
        "~|NULL", "null|NULL", "NULL|NULL", "2024-01-01|DATE", "2001-12-14t21:59:43.10-05:00|DATE"})
    void isWhatSomeYamlParserTakesItFor(String text, PlainScalar.Kind kind) {
        assertThat(PlainScalar.kind(text)).isEqualTo(kind);
    }
}
