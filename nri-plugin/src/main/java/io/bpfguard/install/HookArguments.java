package io.bpfguard.install;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The arguments in a hook file of ours: {@code bpfguard-hook [--socket PATH] [--limit MS] [--agent MS] [--alone PROGRAM] STAGE}. An
 * administrator may have added some that the installation does not write.
 */
final class HookArguments {
    private static final Set<String> OPTIONS = Set.of("--socket", "--limit", "--agent", "--alone");

    private final List<String> arguments;

    /** Takes the {@code args} of a hook. */
    HookArguments(JsonNode node) {
        arguments = node.valueStream().map(JsonNode::asText).toList();
    }

    /** What is wrong with them for a hook of this stage that the runtime kills after a time, or nothing. */
    Optional<String> problem(String stage, int timeoutSeconds) {
        if (arguments.size() < 2 || !arguments.getLast().equals(stage)) {
            return Optional.of("its arguments " + arguments + " do not end with the stage " + stage);
        }
        if (arguments.size() % 2 != 0) {
            return Optional.of("its arguments " + arguments + " are not understood");
        }
        for (int index = 1; index < arguments.size() - 1; index += 2) {
            if (!OPTIONS.contains(arguments.get(index))) {
                return Optional.of("its argument " + arguments.get(index) + " is not known");
            }
        }
        OptionalLong limit = limit();
        if (limit.isEmpty()) {
            return Optional.of("its arguments set no --limit in milliseconds, so the runtime may kill the program before it gives up by itself");
        }
        if (limit.getAsLong() >= timeoutSeconds * 1000L) {
            return Optional.of("its limit of %d ms is not below the runtime's timeout of %d s".formatted(limit.getAsLong(), timeoutSeconds));
        }
        return Optional.empty();
    }

    private OptionalLong limit() {
        int at = arguments.lastIndexOf("--limit");
        boolean number = at > 0 && arguments.get(at + 1).matches("[0-9]{1,9}");
        return number ? OptionalLong.of(Long.parseLong(arguments.get(at + 1))) : OptionalLong.empty();
    }
}
