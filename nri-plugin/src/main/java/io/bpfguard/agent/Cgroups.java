package io.bpfguard.agent;

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
record Cgroups(Path root, Path proc) {
    static final Cgroups HERE = new Cgroups(Path.of("/sys/fs/cgroup"), Path.of("/proc"));

    /**
     * The id of a container's cgroup: by the path that the runtime gave it, or, where that is not its place (a runtime inside
     * a cgroup of its own), by the cgroup of its process.
     *
     * @param pid 0 when it is not known
     * @return empty if there is no such cgroup
     */
    OptionalLong find(CgroupPath planned, long pid) {
        OptionalLong byPath = id(root.resolve(planned.path()));
        if (byPath.isPresent() || pid <= 0) {
            return byPath;
        }
        return ofProcess(pid).flatMap(cgroup -> CgroupPath.upTo(cgroup, planned.name())).map(path -> id(root.resolve(path))).orElse(OptionalLong.empty());
    }

    /** The kernfs id, which is the directory's inode number on 64-bit kernels (fs/kernfs, kernfs_ino). */
    private static OptionalLong id(Path directory) {
        try {
            return OptionalLong.of((Long) Files.getAttribute(directory, "unix:ino", LinkOption.NOFOLLOW_LINKS));
        } catch (IOException absent) {
            return OptionalLong.empty();
        }
    }

    private Optional<String> ofProcess(long pid) {
        try {
            return Files.readAllLines(proc.resolve(Long.toString(pid)).resolve("cgroup")).stream()
                    .filter(line -> line.startsWith("0::")).map(line -> line.substring(3)).findFirst();
        } catch (IOException gone) {
            return Optional.empty();
        }
    }
}
