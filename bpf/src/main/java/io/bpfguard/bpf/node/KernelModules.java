package io.bpfguard.bpf.node;

import io.bpfguard.bpf.libbpf.KernelBtf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The modules that a node has for its kernel, and which of them are loaded. Modules come and go; nothing about that is remembered. */
final class KernelModules {
    /** Where a module stands. */
    enum State {
        /** The node has none of this name. */
        UNKNOWN,
        /** It is part of the kernel proper. */
        BUILT_IN,
        /** It can be loaded. */
        NOT_LOADED,
        /** It is loaded, and initialised as far as programs can be attached to it. */
        LIVE
    }

    private final Path directory;
    private final Path sys;
    private final Map<String, Path> files;
    private final Set<String> builtIn;

    /**
     * Reads the node's indexes of modules; a node without them has only the loaded ones.
     *
     * @param directory {@code /lib/modules/RELEASE}
     * @param sys where sysfs is mounted
     */
    KernelModules(Path directory, Path sys) {
        this.directory = directory;
        this.sys = sys;
        files = new HashMap<>();
        lines("modules.dep").forEach(line -> {
            Path file = Path.of(line.substring(0, line.indexOf(':')));
            files.put(name(file), directory.resolve(file));
        });
        builtIn = new HashSet<>();
        lines("modules.builtin").forEach(line -> builtIn.add(name(Path.of(line))));
    }

    private Stream<String> lines(String index) {
        Path file = directory.resolve(index);
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).lines().filter(line -> line.indexOf(':') != 0 && !line.isBlank());
        } catch (IOException none) {
            return Stream.empty();
        }
    }

    /** {@code kernel/net/nf-x.ko.xz} is {@code nf_x}. */
    private static String name(Path file) {
        String name = file.getFileName().toString();
        int end = name.indexOf(".ko");
        return (end < 0 ? name : name.substring(0, end)).replace('-', '_');
    }

    /** All that can be named in a rule. */
    Set<String> names() {
        Set<String> names = new TreeSet<>(files.keySet());
        names.addAll(builtIn);
        return names;
    }

    State state(String module) {
        // A module whose initialisation runs has BTF already, but takes no programs yet (btf_try_get_module).
        if (isLive(module)) {
            return State.LIVE;
        }
        if (builtIn.contains(module)) {
            return State.BUILT_IN;
        }
        return files.containsKey(module) || Files.exists(sys.resolve("module").resolve(module).resolve("initstate"))
                ? State.NOT_LOADED : State.UNKNOWN;
    }

    private boolean isLive(String module) {
        try {
            return Files.readString(sys.resolve("module").resolve(module).resolve("initstate")).strip().equals("live");
        } catch (IOException absent) {
            return false;
        }
    }

    /** The functions that a live module's BTF describes; none if it has no BTF, or has gone meanwhile. */
    Set<String> described(String module, KernelBtf base) {
        try {
            return base.moduleFunctions(Files.readAllBytes(sys.resolve("kernel/btf").resolve(module)));
        } catch (IOException absent) {
            return Set.of();
        }
    }

    /** What a module's file says; empty if it is not there, or compressed in a way that cannot be read here. */
    Optional<ModuleFile> file(String module, KernelBtf base) throws IOException {
        Path file = files.get(module);
        return file == null ? Optional.empty() : ModuleFile.read(file, base);
    }
}
