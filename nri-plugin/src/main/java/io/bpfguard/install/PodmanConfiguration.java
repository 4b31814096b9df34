package io.bpfguard.install;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The hook directories of Podman as root, from {@code hooks_dir} in {@code [engine]} of containers.conf(5).
 *
 * <p>Up to version 5 every main file is read, then the drop-ins of {@code /etc}. From version 6 on only the most preferred main file
 * is, and drop-ins of more directories, of which one hides those of its name in less preferred directories (containers-config(5)).
 * Root's own configuration counts only in some versions and only where {@code HOME} is set, which it is not in every service. All
 * these are looked at; most often they come out the same. What is given to a single process is not seen: {@code --hooks-dir},
 * {@code --module}, {@code CONTAINERS_CONF}.
 */
final class PodmanConfiguration {
    private static final String SHIPPED = "/usr/share/containers/containers";
    private static final String LOCAL = "/etc/containers/containers";
    private static final String OWN = "/root/.config/containers/containers";

    private final HostRoot root;

    PodmanConfiguration(HostRoot root) {
        this.root = root;
    }

    /**
     * What it reads; more than one reading if its versions differ on this host.
     *
     * @throws InstallException if a configuration file is wrong
     */
    List<Reading> readings() throws InstallException {
        Map<List<String>, Reading> different = new LinkedHashMap<>();
        for (Reading reading : List.of(
                new Reading("Podman up to version 5", directories(allMainFiles(false))),
                new Reading("Podman up to version 5 with root's own configuration", directories(allMainFiles(true))),
                new Reading("Podman from version 6 on", directories(oneMainFile(false))),
                new Reading("Podman from version 6 on with root's own configuration", directories(oneMainFile(true))))) {
            different.putIfAbsent(reading.paths(), reading);
        }
        List<Reading> readings = List.copyOf(different.values());
        return readings.size() > 1 ? readings : List.of(new Reading("Podman", readings.getFirst().directories()));
    }

    /** Once a file has said to append, later ones append as well until one says not to. */
    private List<HookDirectory> directories(List<Path> files) throws InstallException {
        List<HookDirectory> directories = List.of(HookDirectory.BUILT_IN);
        boolean append = false;
        for (Path path : files) {
            Optional<TomlFile> read = TomlFile.read(root, path, "engine");
            if (read.isEmpty()) {
                continue;
            }
            TomlFile file = read.get();
            append = file.append().orElse(append);
            List<HookDirectory> changed = new ArrayList<>(append ? directories : List.of());
            changed.addAll(file.hookDirectories());
            // An empty list makes Podman fall back to two directories, which it calls deprecated.
            directories = !changed.isEmpty() ? changed
                    : List.of(new HookDirectory(HookDirectory.SHIPPED, "implied by the empty hooks_dir in " + file.name()),
                            new HookDirectory(HookDirectory.LOCAL, "implied by the empty hooks_dir in " + file.name()));
        }
        return directories;
    }

    private List<Path> allMainFiles(boolean own) throws InstallException {
        List<Path> files = new ArrayList<>(List.of(root.at(SHIPPED + ".conf"), root.at(LOCAL + ".conf")));
        files.addAll(dropIns(LOCAL + ".conf.d"));
        if (own) {
            files.add(root.at(OWN + ".conf"));
            files.addAll(dropIns(OWN + ".conf.d"));
        }
        return files;
    }

    private List<Path> oneMainFile(boolean own) throws InstallException {
        List<String> main = own ? List.of(OWN, LOCAL, SHIPPED) : List.of(LOCAL, SHIPPED);
        List<Path> files = new ArrayList<>(main.stream().map(name -> root.at(name + ".conf")).filter(Files::exists).limit(1).toList());
        List<String> directories = new ArrayList<>(
                List.of(SHIPPED + ".conf.d", SHIPPED + ".rootful.conf.d", LOCAL + ".conf.d", LOCAL + ".rootful.conf.d"));
        if (own) {
            directories.add(OWN + ".conf.d");
        }
        Map<String, Path> byName = new TreeMap<>();
        for (String directory : directories) {
            for (Path file : dropIns(directory)) {
                if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    byName.put(file.getFileName().toString(), file);
                }
            }
        }
        files.addAll(byName.values());
        return files;
    }

    private List<Path> dropIns(String directory) throws InstallException {
        return ConfigurationFiles.entries(root, root.at(directory)).stream()
                .filter(file -> file.toString().endsWith(".conf") && !ConfigurationFiles.isDirectory(file)).toList();
    }
}
