package io.bpfguard.bpf.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.bpf.libbpf.Libbpf;
import io.bpfguard.policy.check.ProgramFile;
import io.bpfguard.policy.check.ProgramFile.Kind;
import io.bpfguard.policy.check.ProgramFile.Parameter;
import io.bpfguard.policy.check.ProgramSupport;
import io.bpfguard.policy.read.FileRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What objects in the directory of programs say of themselves, and which are refused unloaded. */
class ProgramDirectoryTest {
    private static final Path COMPILED = Path.of("target/test-classes/programs");

    @TempDir
    private Path directory;

    private FileRules rules;

    @BeforeEach
    void owner() throws IOException {
        rules = new FileRules((Integer) Files.getAttribute(directory, "unix:uid"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    }

    private ProgramSupport look(String name) {
        return new ProgramDirectory(new Libbpf(), directory, rules).program(name);
    }

    private ProgramSupport copied(String name) throws IOException {
        Path file = Files.copy(COMPILED.resolve(name), directory.resolve(name));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        return look(name);
    }

    private static ProgramFile usable(ProgramSupport support) {
        assertThat(support).isInstanceOf(ProgramSupport.Usable.class);
        return ((ProgramSupport.Usable) support).file();
    }

    private static String reason(ProgramSupport support) {
        assertThat(support).isInstanceOf(ProgramSupport.Refused.class);
        return ((ProgramSupport.Refused) support).reason();
    }

    @Test
    void anLsmProgramTellsItsHookAndParameters() throws Exception {
        ProgramFile file = usable(copied("large-files.bpf.o"));
        assertThat(file.place()).isEqualTo(ProgramFile.Place.LSM);
        assertThat(file.target()).isEqualTo("file_open");
        assertThat(file.parameters()).containsExactlyInAnyOrder(new Parameter("prefix", Kind.TEXT, 64), new Parameter("longest", Kind.SIGNED, 8));
    }

    @Test
    void theManualShowsAProgramThatCompiles() throws Exception {
        String source = Files.readString(Path.of("../test/programs/large-files.bpf.c"));
        String code = source.substring(source.indexOf("#include"));
        assertThat(Path.of("../docs/programs.md")).content().contains("```c\n" + code + "```");
    }

    @Test
    void programsAtFunctionsTellWhetherTheyPrevent() throws Exception {
        ProgramFile sees = usable(copied("mounted-type.bpf.o"));
        assertThat(sees.place()).isEqualTo(ProgramFile.Place.FENTRY);
        assertThat(sees.target()).isEqualTo("path_mount");
        ProgramFile prevents = usable(copied("new-links.bpf.o"));
        assertThat(prevents.place()).isEqualTo(ProgramFile.Place.FMOD_RET);
        assertThat(prevents.parameters()).containsExactlyInAnyOrder(new Parameter("target", Kind.TEXT, 32), new Parameter("never", Kind.FLAG, 1));
    }

    @Test
    void aProgramThatKnowsNoChainsIsRefused() throws Exception {
        assertThat(reason(copied("foreign.bpf.o"))).contains("was not made for BPFGuard").contains("program.h");
    }

    @Test
    void whatIsNotThereIsNamedWithWhatIs() throws Exception {
        copied("large-files.bpf.o");
        assertThat(reason(look("large-file.bpf.o"))).isEqualTo("is not in " + directory + "; did you mean \"large-files.bpf.o\"?");
    }

    @Test
    void otherFilesAreRefused() throws Exception {
        Files.writeString(directory.resolve("text.bpf.o"), "not an object");
        Files.setPosixFilePermissions(directory.resolve("text.bpf.o"), PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(reason(look("text.bpf.o"))).contains("is no BPF object that can be used");
    }

    @Test
    void anObjectThatOthersCanWriteIsRefused() throws Exception {
        copied("unsure.bpf.o");
        Files.setPosixFilePermissions(directory.resolve("unsure.bpf.o"), PosixFilePermissions.fromString("rw-rw-r--"));
        assertThat(reason(look("unsure.bpf.o"))).contains("can be written by others than its owner");
    }

    @Test
    void aLinkIsNotFollowed() throws Exception {
        Files.createSymbolicLink(directory.resolve("unsure.bpf.o"), COMPILED.resolve("unsure.bpf.o").toAbsolutePath());
        assertThat(reason(look("unsure.bpf.o"))).contains("is a symbolic link");
    }

    @Test
    void anotherVersionsHeaderIsRefused() throws Exception {
        byte[] image = Files.readAllBytes(COMPILED.resolve("unsure.bpf.o"));
        // sizeof(struct container), sizeof(struct route): two numbers of layout[] that stand nowhere else side by side.
        int at = indexOf(image, new byte[] {(byte) 240, 0, 0, 0, 0, 1, 0, 0});
        assertThat(at).isPositive();
        image[at]++;
        Path file = Files.write(directory.resolve("unsure.bpf.o"), image);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(reason(look("unsure.bpf.o"))).contains("was compiled with the program.h of another version of BPFGuard");
    }

    @Test
    void aFileIsReadOnce() throws Exception {
        Files.copy(COMPILED.resolve("unsure.bpf.o"), directory.resolve("unsure.bpf.o"));
        Files.setPosixFilePermissions(directory.resolve("unsure.bpf.o"), PosixFilePermissions.fromString("rw-r--r--"));
        ProgramDirectory programs = new ProgramDirectory(new Libbpf(), directory, rules);
        ProgramSupport first = programs.program("unsure.bpf.o");
        Files.delete(directory.resolve("unsure.bpf.o"));
        assertThat(programs.program("unsure.bpf.o")).isSameAs(first).isInstanceOf(ProgramSupport.Usable.class);
    }

    private static int indexOf(byte[] all, byte[] wanted) {
        for (int i = 0; i + wanted.length <= all.length; i++) {
            if (Arrays.equals(all, i, i + wanted.length, wanted, 0, wanted.length)) {
                return i;
            }
        }
        return -1;
    }
}
