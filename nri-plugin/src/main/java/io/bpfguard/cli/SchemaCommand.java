package io.bpfguard.cli;

import io.bpfguard.policy.read.PolicySchema;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code bpfguard schema}. */
@Command(name = "schema", mixinStandardHelpOptions = true, exitCodeListHeading = Main.EXIT_CODES, exitCodeList = {"0:printed", "2:wrong use"},
        description = "Prints the JSON Schema of policies (draft 7), with which editors complete and check them. Changes nothing.")
final class SchemaCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        out.print(PolicySchema.text());
        out.flush();
    }
}
