package io.bpfguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.OptionSpec;

/** Whoever has only the command in front of him finds out what it does. */
class HelpTest {
    static Stream<CommandLine> commands() {
        List<CommandLine> all = new ArrayList<>(List.of(Main.commandLine()));
        for (int i = 0; i < all.size(); i++) {
            all.addAll(all.get(i).getSubcommands().values());
        }
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandAndOptionIsDescribed(CommandLine command) {
        String name = command.getCommandSpec().qualifiedName();
        assertThat(command.getCommandSpec().usageMessage().description()).as(name).isNotEmpty();
        for (OptionSpec option : command.getCommandSpec().options()) {
            assertThat(String.join("", option.description())).as(name + " " + option.longestName()).isNotBlank();
        }
        assertThat(command.getUsageMessage(Help.Ansi.OFF)).as(name).contains("--help");
    }

    /** Whatever prints something that programs may want has it as JSON, with the names of the fields in its help. */
    @ParameterizedTest
    @MethodSource("commands")
    void whatShowsSomethingHasJson(CommandLine command) {
        if (List.of("check", "doctor", "events", "explain", "policies", "reload", "routes", "status", "version").contains(command.getCommandName())) {
            assertThat(command.getCommandSpec().findOption("--json")).as(command.getCommandSpec().qualifiedName()).isNotNull();
        }
    }
}
