package io.bpfguard.install;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The hook directories of CRI-O, from {@code hooks_dir} in {@code [crio.runtime]} of crio.conf(5). The main file is read first, then
 * every file below crio.conf.d, whatever its name ends in; the last one that has the key decides alone. An option of the daemon's
 * command line is not seen.
 */
final class CrioConfiguration {
    private final HostRoot root;

    CrioConfiguration(HostRoot root) {
        this.root = root;
    }

    /**
     * What it reads.
     *
     * @throws InstallException if a configuration file is wrong
     */
    Reading reading() throws InstallException {
        List<Path> files = new ArrayList<>(List.of(root.at("/etc/crio/crio.conf")));
        collect(root.at("/etc/crio/crio.conf.d"), files);
        List<HookDirectory> directories = List.of(HookDirectory.BUILT_IN);
        for (Path path : files) {
            Optional<TomlFile> file = TomlFile.read(root, path, "crio", "runtime");
            if (file.isPresent()) {
                directories = file.get().hookDirectories();
            }
        }
        return new Reading("CRI-O", directories);
    }

    private void collect(Path directory, List<Path> files) throws InstallException {
        for (Path entry : ConfigurationFiles.entries(root, directory)) {
            if (ConfigurationFiles.isDirectory(entry)) {
                collect(entry, files);
            } else {
                files.add(entry);
            }
        }
    }
}
