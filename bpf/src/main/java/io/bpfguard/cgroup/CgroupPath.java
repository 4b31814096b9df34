package io.bpfguard.cgroup;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where a container's cgroup is, from the {@code cgroupsPath} of its OCI configuration (runtime-spec, "Control groups").
 *
 * <p>With the cgroupfs driver that is a path below the cgroup root. With the systemd driver it has three parts,
 * {@code slice:prefix:name}: the scope {@code prefix-name.scope} below the slice, whose name spells its place: a-b.slice is
 * {@code a.slice/a-b.slice} (systemd.slice(5)).
 *
 * @param path relative to the cgroup root
 */
public record CgroupPath(Path path) {
    private static final String SLICE = ".slice";

    /**
     * Reads a {@code cgroupsPath}.
     *
     * @throws IllegalArgumentException if it has no meaning, with the reason
     */
    public static CgroupPath of(String cgroupsPath) {
        if (cgroupsPath.isEmpty()) {
            throw new IllegalArgumentException("the runtime gave the container no cgroup path");
        }
        String[] parts = cgroupsPath.split(":", -1);
        if (parts.length == 3) {
            String unit = parts[2].endsWith(SLICE) ? parts[2] : parts[1] + "-" + parts[2] + ".scope";
            if (parts[2].isEmpty() || unit.contains("/") || unit.startsWith("-")) {
                throw new IllegalArgumentException("the cgroup path \"" + cgroupsPath + "\" names no systemd unit");
            }
            return new CgroupPath(slice(parts[0].isEmpty() ? "system.slice" : parts[0]).resolve(unit));
        }
        if (parts.length != 1) {
            throw new IllegalArgumentException("the cgroup path \"" + cgroupsPath + "\" is neither a path nor slice:prefix:name");
        }
        Path path = Path.of("/").resolve(cgroupsPath);
        if (!path.equals(path.normalize()) || path.getNameCount() == 0) {
            throw new IllegalArgumentException("the cgroup path \"" + cgroupsPath + "\" names no cgroup below the root");
        }
        return new CgroupPath(Path.of("/").relativize(path));
    }

    /** The directories of a slice, outermost first. */
    private static Path slice(String name) {
        if (name.equals("-.slice")) {
            return Path.of("");
        }
        if (!name.endsWith(SLICE) || name.contains("/")) {
            throw new IllegalArgumentException("\"" + name + "\" is no slice");
        }
        String[] words = name.substring(0, name.length() - SLICE.length()).split("-", -1);
        Path path = Path.of("");
        List<String> prefix = new ArrayList<>();
        for (String word : words) {
            if (word.isEmpty()) {
                throw new IllegalArgumentException("\"" + name + "\" is no slice: a part of its name is empty");
            }
            prefix.add(word);
            path = path.resolve(String.join("-", prefix) + SLICE);
        }
        return path;
    }

    /** The name of the container's cgroup, its last component: what the kernel sees when it is made. */
    public String name() {
        return path.getFileName().toString();
    }

    /**
     * The part of a process's cgroup (the line {@code 0::PATH} of /proc/PID/cgroup) that ends with the container's own: crun
     * puts the process into a child of it.
     *
     * @param processCgroup absolute, as the kernel prints it
     * @param name of the container's cgroup, one component; the outermost of that name counts
     * @return empty if the process is not in a cgroup of that name
     */
    public static Optional<Path> upTo(String processCgroup, String name) {
        Path path = Path.of("");
        for (Path component : Path.of("/").relativize(Path.of(processCgroup).normalize())) {
            path = path.resolve(component);
            if (component.toString().equals(name)) {
                return Optional.of(path);
            }
        }
        return Optional.empty();
    }
}
