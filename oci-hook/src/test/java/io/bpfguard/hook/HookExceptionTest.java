package io.bpfguard.hook;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HookExceptionTest {
    @Test
    void controlsAndWhatReordersTextAreEscaped() {
        assertThat(new HookException("a\nb\r\t\0\u001b[2J\u0085\u2028\u202e\ud800x").getMessage())
                .isEqualTo("a\\u000ab\\u000d\\u0009\\u0000\\u001b[2J\\u0085\\u2028\\u202e\\ud800x");
    }

    @Test
    void lettersOfAllScriptsStay() {
        String text = "caf\u00e9 \u65e5\u672c \ud83d\udc33";
        assertThat(new HookException(text, null).getMessage()).isEqualTo(text);
    }
}
