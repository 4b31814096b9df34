package io.bpfguard.hook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodLabelsTest {
    @Test
    void keysAndValues() throws HookException {
        assertThat(PodLabels.parse("")).isEmpty();
        assertThat(PodLabels.parse("app=web")).isEqualTo(Map.of("app", "web"));
        assertThat(PodLabels.parse("app=web,tier=,example.com/a_B.c-1=X.y_z-0,0=9"))
                .isEqualTo(Map.of("app", "web", "tier", "", "example.com/a_B.c-1", "X.y_z-0", "0", "9"));
    }

    @Test
    void theLongestOnes() throws HookException {
        String name = "n".repeat(63);
        String prefix = "p".repeat(126) + "." + "q".repeat(126);
        assertThat(PodLabels.parse(prefix + "/" + name + "=" + name)).isEqualTo(Map.of(prefix + "/" + name, name));
        assertThatThrownBy(() -> PodLabels.parse("a=" + name + "x")).hasMessageContaining("character 3: ").hasMessageContaining("more than 63");
        assertThatThrownBy(() -> PodLabels.parse("b=1," + name + "x=1")).hasMessageContaining("character 5: ").hasMessageContaining("more than 63");
        assertThatThrownBy(() -> PodLabels.parse(prefix + "r/a=1")).hasMessageContaining("more than 253");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', ignoreLeadingAndTrailingWhitespace = false, value = {
        "app|1", "app=web,|9", ",app=web|1", "a=1,,b=2|5", "=web|1", "a=b=c|4", "a=1,a=2|5", "a= 1|3", " a=1|1", "a=1, b=2|5", "a-=1|2", "a=-1|3", "a=1.|4",
        "a/=1|3", "/a=1|1", "x..y/a=1|3", "X.y/a=1|1", "x-/a=1|2", "x/y/a=1|4", "a=\u00fc|3", "\u00fc=1|1", "a=\"1\"|3", "a=1;b=2|4",
    })
    void refusedWithThePlace(String text, int place) {
        assertThatThrownBy(() -> PodLabels.parse(text)).isInstanceOf(HookException.class)
                .hasMessageStartingWith("annotation bpfguard.io/labels, character " + place + ": ").hasMessageContaining("expected key=value,key2=value2");
    }

    @Test
    void controlCharactersStayOnOneLine() {
        assertThatThrownBy(() -> PodLabels.parse("a=x\ny")).hasMessageContaining("character 4: '\\u000a' cannot stand here");
    }
}
