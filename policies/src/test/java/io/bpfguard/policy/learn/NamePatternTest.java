package io.bpfguard.policy.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.model.Glob;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamePatternTest {
    @ParameterizedTest
    @CsvSource(quoteCharacter = '\'', value = {
            "1234, '', [0-9]*", "0, '', [0-9]*", "access.log, '', access.log", "access.log-20260102, '', access.log-[0-9]*", "libc.so.6, '', libc.so.6",
            "x86_64-linux-gnu, '', x86_64-linux-gnu", "python3.13, '', python3.13", "sha256sum, '', sha256sum", "worker12345, '', worker[0-9]*",
            "tmp.AbC123, '', tmp.*", "tmp.AbCdEfGhIj, '', tmp.*", "tmpa1b2c3d4, /tmp, tmp*", "tmpabcdefgh, /tmp, tmp*", "tmpabcdefgh, /data, tmpabcdefgh",
            "sedAbC12x, /etc, sed*", "0b9d5c1e-1d7e-4b42-8f7d-0a6a4d2b9c11.json, '', *.json", "sess_deadbeef01234567, '', sess_*",
            "NetworkManager.conf, '', NetworkManager.conf", ".hidden.Xy12Zz, '', .hidden.*", "a-1234-b-5678-c, '', 'a-[0-9]*-c'", "'a*b?[c]{d}\\e', '', 'a\\*b\\?\\[c\\]\\{d\\}\\\\e'"})
    void whatVariesIsOpen(String name, String directory, String glob) throws Exception {
        assertThat(NamePattern.of(name, directory)).isEqualTo(glob);
        assertThat(Glob.parse(glob, Glob.Kind.NAME).matches(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "?", "[a]", "{a,b}", "\\", "a\nb", "\"'#: ", "-", "~", "!x", "ä€😀", "1*2", "**", "[0-9]*"})
    void literalsMatchThemselvesAlone(String name) throws Exception {
        Glob glob = Glob.parse(NamePattern.literal(name), Glob.Kind.NAME);
        assertThat(glob.matches(name)).isTrue();
        assertThat(glob.matches(name + "x")).isFalse();
        assertThat(glob.matches("x" + name.substring(1))).isFalse();
    }

    @org.junit.jupiter.api.Test
    void oddBytesAreOpen() {
        assertThat(NamePattern.of("a\ufffd\ufffdb", "")).isEqualTo("a?*b");
        assertThat(NamePattern.of("\ufffd", "")).isEqualTo("?*");
        assertThat(NamePattern.isKnown("a\ufffd")).isFalse();
        assertThat(NamePattern.isKnown("ä")).isTrue();
    }
}
