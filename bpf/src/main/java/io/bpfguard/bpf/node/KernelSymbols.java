package io.bpfguard.bpf.node;

import io.bpfguard.bpf.libbpf.Kallsyms;
import io.bpfguard.bpf.libbpf.Kallsyms.Symbol;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The code symbols of a kernel and its loaded modules, as {@code /proc/kallsyms} has them at one moment. Immutable. */
final class KernelSymbols {
    /** Where code is: two names with the same place are names of the same code. */
    private record Place(long address, String module) {}

    private final Map<String, List<Place>> byName = new HashMap<>();

    private KernelSymbols() {}

    /** Reads a file like {@code /proc/kallsyms}. */
    static KernelSymbols read(Path kallsyms) {
        KernelSymbols symbols = new KernelSymbols();
        Kallsyms.read(kallsyms, symbols::add);
        return symbols;
    }

    private void add(Symbol symbol) {
        if ("tTwW".indexOf(symbol.type()) >= 0 && !symbol.name().startsWith("__pfx_")) {
            byName.computeIfAbsent(symbol.name(), _ -> new ArrayList<>(1)).add(new Place(symbol.address(), symbol.module()));
        }
    }

    /** How many functions of this name the kernel proper, or a module, has. */
    int count(String module, String name) {
        return (int) byName.getOrDefault(name, List.of()).stream().filter(place -> place.module().equals(module)).count();
    }

    /** The other names of the same code in the kernel proper. */
    List<String> sameCode(String name) {
        List<Place> places = byName.getOrDefault(name, List.of()).stream().filter(place -> place.module().isEmpty()).toList();
        if (places.size() != 1 || places.getFirst().address() == 0) {
            return List.of();
        }
        return byName.entrySet().stream().filter(entry -> !entry.getKey().equals(name) && entry.getValue().contains(places.getFirst()))
                .map(Map.Entry::getKey).sorted().toList();
    }

    /** What the compiler made of a function: {@code name.isra.0}; without the seldom used pieces that it moved out of it. */
    List<String> suffixed(String module, String name) {
        return byName.entrySet().stream().filter(entry -> entry.getKey().startsWith(name + ".") && !entry.getKey().endsWith(".cold")
                && entry.getValue().stream().anyMatch(place -> place.module().equals(module)))
                .map(Map.Entry::getKey).sorted().toList();
    }

    /** The modules that have a function of this name, or something that the compiler made of it. */
    List<String> modules(String name) {
        return byName.entrySet().stream().filter(entry -> entry.getKey().equals(name) || entry.getKey().startsWith(name + "."))
                .flatMap(entry -> entry.getValue().stream()).map(Place::module).filter(module -> !module.isEmpty()).distinct().sorted().toList();
    }
}
