package io.bpfguard.bpf.libbpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No native pointer leaves the package. */
class PublicApiTest {
    private static final Path CLASSES = Path.of("target/classes");

    @Test
    void noSignatureNamesTheForeignFunctionApi() throws IOException {
        List<Class<?>> published;
        try (Stream<Path> files = Files.list(CLASSES.resolve("io/bpfguard/bpf/libbpf"))) {
            published = files.map(file -> CLASSES.relativize(file).toString()).filter(file -> file.endsWith(".class"))
                    .map(file -> file.substring(0, file.length() - ".class".length()).replace('/', '.')).<Class<?>>map(PublicApiTest::load)
                    .filter(type -> Modifier.isPublic(type.getModifiers())).toList();
        }
        assertThat(published).contains(BpfMap.class, BpfObject.class, BpfMap.Entry.class);
        assertThat(published.stream().flatMap(PublicApiTest::signatures)).isNotEmpty().noneMatch(signature -> signature.contains("java.lang.foreign"));
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, PublicApiTest.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    private static Stream<String> signatures(Class<?> type) {
        return Stream.of(Stream.of(type.getMethods()), Stream.of(type.getConstructors()), Stream.of(type.getFields())).flatMap(members -> members)
                .map(Object::toString);
    }
}
