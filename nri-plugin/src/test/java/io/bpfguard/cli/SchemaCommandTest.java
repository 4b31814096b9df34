package io.bpfguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class SchemaCommandTest {
    @Test
    void printsTheSchemaThatIsCheckedIn() {
        StringWriter out = new StringWriter();
        CommandLine command = Main.commandLine().setOut(new PrintWriter(out));
        assertThat(command.execute("schema")).isZero();
        assertThat(Path.of("../docs/policy.schema.json")).content().isEqualTo(out.toString());
    }

    @Test
    void takesNoArguments() {
        CommandLine command = Main.commandLine().setErr(new PrintWriter(new StringWriter()));
        assertThat(command.execute("schema", "policy.yaml")).isEqualTo(2);
    }
}
