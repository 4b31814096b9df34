package io.bpfguard.policy.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobSyntaxException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The patterns for globs accept every glob. */
class GlobSchemaTest {
    private static final List<String> SIGNS = List.of("/", "*", "{", "}", ",", "\\", "[", "]", "!", "?", "a");
    private static final int LENGTH = 4;

    @ParameterizedTest
    @EnumSource(names = {"PATH", "NAME"})
    void acceptEveryShortGlob(Glob.Kind kind) {
        Pattern pattern = Pattern.compile(GlobSchema.definition(kind).get("pattern").textValue());
        List<String> globs = texts().filter(text -> isGlob(text, kind)).toList();
        assertThat(globs).hasSizeGreaterThan(100).allMatch(glob -> pattern.matcher(glob).find());
    }

    @ParameterizedTest
    @CsvSource({"PATH,bin/sh", "PATH,*/sh", "PATH,?/sh", "PATH,''", "NAME,a/b", "NAME,/proc", "NAME,''"})
    void refuseWhatIsNone(Glob.Kind kind, String text) {
        assertThat(text).doesNotContainPattern(GlobSchema.definition(kind).get("pattern").textValue());
    }

    private static Stream<String> texts() {
        List<String> texts = List.of("");
        Stream<String> all = Stream.empty();
        for (int length = 1; length <= LENGTH; length++) {
            texts = texts.stream().flatMap(text -> SIGNS.stream().map(text::concat)).toList();
            all = Stream.concat(all, texts.stream());
        }
        return all;
    }

    private static boolean isGlob(String text, Glob.Kind kind) {
        try {
            Glob.parse(text, kind);
            return true;
        } catch (GlobSyntaxException wrong) {
            return false;
        }
    }
}
