package io.bpfguard.bpf.libbpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loading the library: the one that is there, and those that will not do. */
class LibbpfTest {
    @TempDir
    Path directory;

    @Test
    void loadsTheInstalledLibrary() {
        assertThat(new Libbpf().version()).matches("v1\\.[1-9].*");
    }

    @Test
    void aMissingLibraryIsNamedWithItsPackage() {
        assertThatThrownBy(() -> new Libbpf("libbpf.so.99")).isInstanceOf(BpfUnavailable.class)
                .hasMessage("loading libbpf.so.99 failed: install libbpf1 >= 1.1 (Debian: apt install libbpf1; Fedora: dnf install libbpf)")
                .hasCauseInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anOldLibraryIsCalledOld() throws IOException {
        Path old = library("unsigned libbpf_major_version(void) { return 1; } unsigned libbpf_minor_version(void) { return 0; }");
        assertThatThrownBy(() -> new Libbpf(old.toString())).isInstanceOf(BpfUnavailable.class)
                .hasMessageContaining("it is version 1.0, and BPFGuard needs 1.1: install libbpf1 >= 1.1");
    }

    @Test
    void aLibraryWithoutAVersionIsOlderStill() throws IOException {
        Path ancient = library("int bpf_map_update_elem(void) { return 0; }");
        assertThatThrownBy(() -> new Libbpf(ancient.toString())).isInstanceOf(BpfUnavailable.class).hasMessageContaining("a version before 1.0");
    }

    @Test
    void aMissingFunctionIsNamed() throws IOException {
        Path hollow = library("unsigned libbpf_major_version(void) { return 1; } unsigned libbpf_minor_version(void) { return 9; }");
        assertThatThrownBy(() -> new Libbpf(hollow.toString())).isInstanceOf(BpfUnavailable.class)
                .hasMessageContaining("binding libbpf_version_string failed").hasMessageContaining("does not have this function");
    }

    @Test
    void collectedWordsDoNotReachAnOuterCollector() {
        Libbpf libbpf = new Libbpf();
        StringBuilder outer = new StringBuilder();
        Libbpf.collecting(outer, () -> {
            assertThatThrownBy(() -> BpfObject.open(libbpf, new byte[] {1}, "inner")).isInstanceOf(BpfException.class);
            return null;
        });
        assertThat(outer).isEmpty();
    }

    private Path library(String source) throws IOException {
        Path file = Files.writeString(directory.resolve("fake.c"), source);
        Path library = directory.resolve("libfake.so");
        TestKernel.clang("-shared", "-fPIC", "-o", library.toString(), file.toString());
        return library;
    }
}
