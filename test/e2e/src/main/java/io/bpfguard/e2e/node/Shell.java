package io.bpfguard.e2e.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Runs a command on the host to its end. */
public final class Shell {
    /** How it ended, and what it printed on both outputs. */
    public record Result(int status, String output) {
        public boolean ok() {
            return status == 0;
        }
    }

    private Shell() {}

    public static Result run(String... command) {
        return run(Map.of(), command);
    }

    public static Result run(Map<String, String> environment, String... command) {
        var builder = new ProcessBuilder(List.of(command)).redirectErrorStream(true);
        builder.environment().putAll(environment);
        try {
            var process = builder.start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Result(process.waitFor(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while " + command[0] + " ran", e);
        }
    }

    /** Runs a command that must succeed. */
    public static String must(String... command) {
        var result = run(command);
        if (!result.ok()) {
            throw new IllegalStateException(String.join(" ", command) + " ended with " + result.status() + ": " + result.output());
        }
        return result.output();
    }
}
