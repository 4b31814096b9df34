package io.bpfguard.bpf.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The code symbols of a kernel and its loaded modules, as {@code /proc/kallsyms} has them at one moment. Immutable. */
final class KernelSymbols {
    /**
     * A symbol.
     *
     * @param address 0 where the kernel hides addresses
     * @param module empty for the kernel proper
     */
    private record Symbol(long address, String module) {}

    private final Map<String, List<Symbol>> byName = new HashMap<>();

    private KernelSymbols() {}

    /** Reads a file like {@code /proc/kallsyms}: a second on an emulated machine. */
    static KernelSymbols read(Path kallsyms) {
        KernelSymbols symbols = new KernelSymbols();
        try (Stream<String> lines = Files.lines(kallsyms, StandardCharsets.ISO_8859_1)) {
            lines.forEach(symbols::add);
        } catch (IOException failure) {
            throw new UncheckedIOException("reading " + kallsyms, failure);
        }
        return symbols;
    }

    /** {@code ffffffff905001f0 t name [module]}. */
    private void add(String line) {
        int type = line.indexOf(' ') + 1;
        if (type == 0 || "tTwW".indexOf(line.charAt(type)) < 0 || line.startsWith("__pfx_", type + 2)) {
            return;
        }
        int end = line.indexOf('\t', type);
        String name = line.substring(type + 2, end < 0 ? line.length() : end);
        String module = end < 0 ? "" : line.substring(line.indexOf('[', end) + 1, line.lastIndexOf(']'));
        byName.computeIfAbsent(name, _ -> new ArrayList<>(1)).add(new Symbol(Long.parseUnsignedLong(line, 0, type - 1, 16), module));
    }

    /** How many functions of this name the kernel proper, or a module, has. */
    int count(String module, String name) {
        return (int) byName.getOrDefault(name, List.of()).stream().filter(symbol -> symbol.module().equals(module)).count();
    }

    /** The other names of the same code in the kernel proper. */
    List<String> sameCode(String name) {
        List<Symbol> symbols = byName.getOrDefault(name, List.of()).stream().filter(symbol -> symbol.module().isEmpty()).toList();
        if (symbols.size() != 1 || symbols.getFirst().address() == 0) {
            return List.of();
        }
        return byName.entrySet().stream().filter(entry -> !entry.getKey().equals(name) && entry.getValue().contains(symbols.getFirst()))
                .map(Map.Entry::getKey).sorted().toList();
    }

    /** What the compiler made of a function: {@code name.isra.0}; without the seldom used pieces that it moved out of it. */
    List<String> suffixed(String module, String name) {
        return byName.entrySet().stream().filter(entry -> entry.getKey().startsWith(name + ".") && !entry.getKey().endsWith(".cold")
                && entry.getValue().stream().anyMatch(symbol -> symbol.module().equals(module)))
                .map(Map.Entry::getKey).sorted().toList();
    }

    /** The modules that have a function of this name, or something that the compiler made of it. */
    List<String> modules(String name) {
        return byName.entrySet().stream().filter(entry -> entry.getKey().equals(name) || entry.getKey().startsWith(name + "."))
                .flatMap(entry -> entry.getValue().stream()).map(Symbol::module).filter(module -> !module.isEmpty()).distinct().sorted().toList();
    }
}
