package io.bpfguard.cgroup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The cgroup v2 hierarchy of this node.
 *
 * @param root where it is mounted
 * @param proc where procfs is mounted
 */
public record Cgroups(Path root, Path proc) {
    /** Where every distribution mounts them. */
    public static final Cgroups HERE = new Cgroups(Path.of("/sys/fs/cgroup"), Path.of("/proc"));

    /**
     * The id of a container's cgroup: by the path that the runtime gave it, or, where that is not its place (a runtime inside
     * a cgroup of its own), by the cgroup of its process.
     *
     * @param planned where the OCI configuration says it is
     * @param pid 0 when it is not known
     * @return the kernfs id, empty if there is no such cgroup
     */
    public OptionalLong find(CgroupPath planned, long pid) {
        return locate(planned, pid).map(this::id).orElse(OptionalLong.empty());
    }

    /**
     * Where a container's cgroup is, found in the same way.
     *
     * @return relative to the root
     */
    public Optional<Path> locate(CgroupPath planned, long pid) {
        if (id(planned.path()).isPresent()) {
            return Optional.of(planned.path());
        }
        if (pid <= 0) {
            return Optional.empty();
        }
        try {
            return ofProcess(Long.toString(pid)).flatMap(cgroup -> CgroupPath.upTo(cgroup, planned.name()));
        } catch (IOException gone) {
            return Optional.empty();
        }
    }

    /**
     * The kernfs id of a cgroup, which is its directory's inode number on 64-bit kernels (fs/kernfs, kernfs_ino).
     *
     * @param cgroup relative to the root
     * @return empty if there is no such cgroup
     */
    public OptionalLong id(Path cgroup) {
        try {
            return OptionalLong.of((Long) Files.getAttribute(root.resolve(cgroup), "unix:ino", LinkOption.NOFOLLOW_LINKS));
        } catch (IOException absent) {
            return OptionalLong.empty();
        }
    }

    /**
     * The cgroup of a process in the version 2 hierarchy: PATH of the line {@code 0::PATH} of /proc/PID/cgroup (cgroups(7)),
     * absolute, as seen from this process's cgroup namespace.
     *
     * @param process a pid, or {@code self}
     * @return empty if the process is in no version 2 hierarchy
     * @throws IOException if there is no such process, or it ended meanwhile
     */
    public Optional<String> ofProcess(String process) throws IOException {
        return Files.readAllLines(proc.resolve(process).resolve("cgroup")).stream()
                .filter(line -> line.startsWith("0::")).map(line -> line.substring(3)).findFirst();
    }
}
