package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.model.Family;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The LSM hooks that calls of kernel functions pass before they have an effect: where to deny what cannot be denied in the
 * function itself. Advice only; the table is the resource {@code function-gates}.
 */
final class FunctionGates {
    private static final Map<String, Gates> BY_FUNCTION = load();

    /** @param family the key of a family of rules that stands at the hooks, if there is one */
    private record Gates(String function, List<String> hooks, Optional<String> family) {}

    private FunctionGates() {}

    /** Half a sentence on where to deny instead; empty where no hook is known that the node has. */
    static Optional<String> advice(KernelFunction function, NodeCapabilities node) {
        return Optional.ofNullable(BY_FUNCTION.get(function.label())).flatMap(gates -> {
            List<String> hooks = gates.hooks().stream().filter(node::hasLsmHook).toList();
            if (hooks.isEmpty()) {
                return Optional.empty();
            }
            // A table may be ahead of the language: only families that there are can be advised.
            String family = gates.family().filter(key -> Family.ofKey(key).isPresent()).map(key -> "by a rule in " + key + " or ").orElse("");
            return Optional.of("deny it at the LSM hook " + String.join(" or ", hooks) + ", which it passes before it has an effect ("
                    + family + "by lsmHooks)");
        });
    }

    /** Every function that the table knows. */
    static List<KernelFunction> functions() {
        return BY_FUNCTION.keySet().stream().sorted().map(KernelFunction::of).toList();
    }

    /** Every hook that the table names. */
    static List<String> hooks() {
        return BY_FUNCTION.values().stream().flatMap(gates -> gates.hooks().stream()).distinct().sorted().toList();
    }

    private static Map<String, Gates> load() {
        try (InputStream in = FunctionGates.class.getResourceAsStream("function-gates")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(" "))
                    .map(columns -> new Gates(columns[0], List.of(columns[1].split(",")),
                            columns[2].equals("-") ? Optional.empty() : Optional.of(columns[2])))
                    .collect(Collectors.toUnmodifiableMap(Gates::function, gates -> gates));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the table of gates before functions", e);
        }
    }
}
