package io.bpfguard.bpf.libbpf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The reader of {@code /proc/kallsyms}: the symbols of a kernel and its loaded modules at one moment. */
public final class Kallsyms {
    /**
     * A symbol.
     *
     * @param address 0 where the kernel hides addresses
     * @param type as nm(1) has it; code is {@code t T w W}
     * @param module empty for the kernel proper
     */
    public record Symbol(long address, char type, String name, String module) {}

    private Kallsyms() {}

    /**
     * Reads a file like {@code /proc/kallsyms}: a second on an emulated machine.
     *
     * @throws UncheckedIOException if it cannot be read
     */
    public static void read(Path kallsyms, Consumer<Symbol> symbols) {
        try (Stream<String> lines = Files.lines(kallsyms, StandardCharsets.ISO_8859_1)) {
            lines.forEach(line -> read(line, symbols));
        } catch (IOException failure) {
            throw new UncheckedIOException("reading " + kallsyms, failure);
        }
    }

    /** {@code ffffffff905001f0 t name [module]}, with a tab before the bracket. */
    private static void read(String line, Consumer<Symbol> symbols) {
        int type = line.indexOf(' ') + 1;
        if (type == 0 || line.length() < type + 2) {
            return;
        }
        int end = line.indexOf('\t', type);
        String name = line.substring(type + 2, end < 0 ? line.length() : end);
        String module = end < 0 ? "" : line.substring(line.indexOf('[', end) + 1, line.lastIndexOf(']'));
        symbols.accept(new Symbol(Long.parseUnsignedLong(line, 0, type - 1, 16), line.charAt(type), name, module));
    }
}
