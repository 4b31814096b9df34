package io.bpfguard.hook;

import io.bpfguard.cgroup.CgroupPath;
import io.bpfguard.cgroup.Cgroups;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The cgroup of a container, found by its first process. The runtime-spec does not promise that the process is in its cgroup
 * when createRuntime hooks run, but runc and crun put it there before; where one did not, the process is in the runtime's
 * cgroup, and that is noticed and refused.
 *
 * @param name its last component: what the kernel sees when it is made
 * @param path relative to the root of the version 2 hierarchy
 * @param id of its kernfs node, the inode number of its directory
 */
public record InitCgroup(String name, Path path, long id) {
    private static final Path ROOT = Path.of("/");

    public InitCgroup {
        Objects.requireNonNull(name, "name is null");
        Objects.requireNonNull(path, "path is null");
    }

    /**
     * Finds the container's cgroup. With a {@code cgroupsPath} whose name is a component of the process's cgroup, the part up to
     * it; else, for a process in {@code NAME.scope/container}, where crun puts it with the systemd driver, the scope; else the
     * process's own.
     *
     * @param cgroups where cgroup v2 and procfs are mounted
     * @param pid of the container's first process, in procfs's pid namespace
     * @param cgroupsPath of its configuration
     * @throws HookException if there is no such process, there is no cgroup v2, the cgroup cannot be seen from here, the
     *     {@code cgroupsPath} has no meaning, or the container has no cgroup of its own: then it is the root, this process's, or
     *     one above this process, and policies would hold for others than the container
     */
    public static InitCgroup find(Cgroups cgroups, long pid, Optional<String> cgroupsPath) throws HookException {
        Path process = read(cgroups, Long.toString(pid));
        Path self = read(cgroups, "self");
        Path container = containerOf(process, cgroupsPath);
        if (process.getNameCount() == 0 || self.startsWith(process) || container.getNameCount() == 0 || self.startsWith(container)) {
            throw new HookException("process " + pid + " is in the cgroup " + process + " and the hook in " + self
                    + ", so the container has no cgroup of its own (rootless without delegation, or a runtime told to make none); let the runtime make one for the container");
        }
        Path path = ROOT.relativize(container);
        OptionalLong id = cgroups.id(path);
        if (id.isEmpty()) {
            throw new HookException("the cgroup " + container + " of process " + pid + " is not in " + cgroups.root()
                    + "; cgroup v2 must be mounted there, and the hook run in the host's cgroup and mount namespaces");
        }
        return new InitCgroup(path.getFileName().toString(), path, id.getAsLong());
    }

    private static Path containerOf(Path process, Optional<String> cgroupsPath) throws HookException {
        if (cgroupsPath.isPresent()) {
            try {
                Optional<Path> named = CgroupPath.upTo(process.toString(), CgroupPath.of(cgroupsPath.get()).name());
                if (named.isPresent()) {
                    return ROOT.resolve(named.get());
                }
            } catch (IllegalArgumentException failure) {
                throw new HookException("linux.cgroupsPath cannot be understood: " + failure.getMessage()
                        + "; it must be a path, or slice:prefix:name with the systemd driver", failure);
            }
        }
        Path parent = process.getParent();
        boolean ofCrun = process.endsWith("container") && parent.getNameCount() > 0 && parent.getFileName().toString().endsWith(".scope");
        return ofCrun ? parent : process;
    }

    /** The absolute cgroup of a process. */
    private static Path read(Cgroups cgroups, String process) throws HookException {
        Optional<String> line;
        try {
            line = cgroups.ofProcess(process);
        } catch (IOException failure) {
            throw new HookException("the cgroup of process " + process + " cannot be read from " + cgroups.proc()
                    + ": it has ended, or the hook is in another pid namespace than the runtime", failure);
        }
        if (line.isEmpty()) {
            throw new HookException("process " + process + " is in no cgroup of version 2: BPFGuard needs it; boot with systemd.unified_cgroup_hierarchy=1");
        }
        String text = line.get();
        if (text.endsWith(" (deleted)")) {
            throw new HookException("the cgroup " + text + " of process " + process + " is gone, so the container has ended; start it anew");
        }
        try {
            Path path = Path.of(text);
            if (!path.isAbsolute() || !path.equals(path.normalize())) {
                throw new HookException("the cgroup " + text + " of process " + process
                        + " lies outside of what the hook sees; run the hook in the host's cgroup namespace");
            }
            return path;
        } catch (InvalidPathException failure) {
            throw new HookException("the cgroup " + text + " of process " + process + " is no path here: " + failure.getReason(), failure);
        }
    }
}
