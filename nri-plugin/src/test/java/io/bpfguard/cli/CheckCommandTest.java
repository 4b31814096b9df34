package io.bpfguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code bpfguard check} without a node. */
class CheckCommandTest {
    @TempDir
    private Path directory;

    private record Result(int status, String out, String err) {}

    private Result check(String rules) throws IOException {
        Path file = Files.writeString(directory.resolve("p.yaml"),
                "apiVersion: bpfguard.io/v1\nkind: ContainerPolicy\nmetadata: {name: p}\nspec:\n" + rules);
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return new Result(command.execute("check", file.toString()), out.toString(), err.toString());
    }

    @Test
    void aGoodPolicyIsAccepted() throws Exception {
        Result result = check("  files: [{action: deny, paths: [/x]}]\n");
        assertThat(result.status()).isZero();
        assertThat(result.out()).contains("1 policies can be enforced on kernel 6.1, 6.12, 7.2");
        assertThat(result.err()).isEmpty();
    }

    @Test
    void whatOnlyANodeCanTellIsAWarning() throws Exception {
        Result result = check("  lsmHooks: [{action: deny, names: [file_open], conditions: [{argument: file.f_flags, equals: 1}]}]\n"
                + "  programs: [{action: deny, object: x.bpf.o}]\n");
        assertThat(result.status()).isZero();
        assertThat(result.err()).contains("p.yaml:5:", "whether the conditions of lsmHooks[0] fit the arguments was not looked at")
                .contains("p.yaml:6:", "whether the program x.bpf.o can be used was not looked at");
    }

    @Test
    void aWrongPolicyIsRefusedAtItsPlace() throws Exception {
        Result result = check("  lsmHooks: [{action: deny, names: [file_opem]}]\n");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("p.yaml:5:").contains("did you mean \"file_open\"?");
    }
}
