package io.bpfguard.policy.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {
    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {"prod prod true", "prod prod2 false", "prod xprod false", "team-* team- true",
            "team-* team-a true",
        "team-* team false", "* x true", "*a*b* xaxbx true", "*a*b* ba false", "?? ab true", "?? a false",
                "[a-c]x bx true",
        "[a-c]x dx false", "[!a]x bx true", "[!a]x ax false", "{a,b*} bcd true", "{a,b*} ac false", "x{,y} x true",
                "x{,y} xy true",
        "{a,{b,c}d} cd true", "\\* * true", "\\* a false", "[]]x ]x true", "[a-]x -x true", "a,b a,b true",
                "é* éa true", "ab AB false"})
    void namesMatchAsAWhole(String glob, String name, boolean matches) throws Exception {
        assertThat(Glob.parse(glob, Glob.Kind.NAME).matches(name)).isEqualTo(matches);
    }

    @Test
    void whatCanBeReadAsAPathKeepsItsText() throws Exception {
        for (String text : new String[] {"/", "/**", "**", "/a", "/a/**", "/a/**/b", "**/a", "/.hidden", "/..a", "/a.",
                "/a,b", "/{a,b}", "**{a,b}"}) {
            assertThat(Glob.parse(text, Glob.Kind.PATH)).hasToString(text);
        }
    }

    @Test
    void bytesOfAnAlternativeAreThoseOfItsUtf8() throws Exception {
        assertThat(Glob.parse("é", Glob.Kind.NAME).alternatives().getFirst()).containsExactly(
                new GlobToken.One(ByteSet.of(0xc3)), new GlobToken.One(ByteSet.of(0xa9)));
    }

    @Test
    void equalAlternativesAreOne() throws Exception {
        assertThat(Glob.parse("/{a,a,[b-b],b}", Glob.Kind.PATH).alternatives()).hasSize(2);
    }

    @Test
    void theLongestPathIsTheLongestGlob() throws Exception {
        assertThat(Glob.parse("/" + "a".repeat(4094), Glob.Kind.PATH).alternatives()).hasSize(1);
        assertThatThrownBy(() -> Glob.parse("/" + "a".repeat(4095), Glob.Kind.PATH))
                .isInstanceOf(GlobSyntaxException.class)
                .hasMessageContaining("4095 bytes");
    }

    @Test
    void aThousandAlternativesAreTheMost() throws Exception {
        String ten = "{0,1,2,3,4,5,6,7,8,9}";
        assertThat(Glob.parse("/" + ten + ten + ten, Glob.Kind.PATH).alternatives()).hasSize(1000);
        assertThatThrownBy(() -> Glob.parse("/" + ten + ten + ten + "{a,b}", Glob.Kind.PATH))
                .hasMessageContaining("1000 alternatives");
    }

    @Test
    void halfACharacterOrANulIsNone() {
        assertThatThrownBy(() -> Glob.parse("/\ud800", Glob.Kind.PATH)).hasMessageContaining("surrogate");
        assertThatThrownBy(() -> Glob.parse("/a\0", Glob.Kind.PATH)).hasMessageContaining("NUL");
    }
}
