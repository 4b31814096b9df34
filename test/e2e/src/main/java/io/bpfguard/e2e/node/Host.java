package io.bpfguard.e2e.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the host sees of a process, whatever the process says of itself. */
public final class Host {
    private Host() {}

    /** Whether process 1 is systemd: then runtimes have it make their cgroups, as scopes in slices. */
    public static boolean runsSystemd() {
        return lines(Path.of("/proc/1/comm")).equals(List.of("systemd"));
    }

    /** Whether the process's mount namespace has a file system of this type at this place ("" for any type). */
    public static boolean mounted(int pid, String type, String target) {
        return mounts(pid).stream().anyMatch(line -> {
            String[] fields = line.split(" ");
            int separator = List.of(fields).indexOf("-");
            return fields[4].equals(target) && (type.isEmpty() || fields[separator + 1].equals(type));
        });
    }

    public static void unmount(int pid, String target) {
        inside(pid, "umount -l " + target);
    }

    /** The identity of a namespace of a process, such as {@code mnt:[4026531841]}; nothing of one for children without a first process. */
    public static String namespace(long pid, String kind) {
        Path link = Path.of("/proc/" + pid + "/ns/" + kind);
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (NoSuchFileException e) {
            if (Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
                return "";
            }
            throw new UncheckedIOException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A line of a process's {@code /proc/PID/status}, such as {@code CapEff}, without its name. */
    public static String status(long pid, String field) {
        return lines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith(field + ":")).findFirst().orElseThrow().substring(field.length() + 1).strip();
    }

    /** What the open descriptors of a process lead to, as the kernel prints it: paths, {@code socket:[4711]}, {@code anon_inode:bpf-map}. */
    public static List<String> descriptors(long pid) {
        try (var links = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            var targets = new ArrayList<String>();
            for (var link : links.toList()) {
                targets.add(Files.readSymbolicLink(link).toString());
            }
            return targets;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The file system and inode of a process's root directory. */
    public static String root(long pid) {
        try {
            var attributes = Files.readAttributes(Path.of("/proc/" + pid + "/root"), "unix:dev,ino");
            return attributes.get("dev") + ":" + attributes.get("ino");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All that is mounted in the process's mount namespace, with options and propagation. */
    public static List<String> mounts(long pid) {
        return lines(Path.of("/proc/" + pid + "/mountinfo"));
    }

    /** Runs a shell command in the namespaces of a process, as the host: in none of its cgroups and under no policy. */
    public static Shell.Result inside(long pid, String script) {
        return Shell.run("nsenter", "-t", Long.toString(pid), "-m", "-p", "/bin/sh", "-c", script);
    }

    /** A process in the same cgroup as {@code pid}, by its name. */
    public static Optional<Integer> inCgroupOf(int pid, String comm) {
        String cgroup = cgroup(pid);
        return lines(Path.of("/sys/fs/cgroup" + cgroup + "/cgroup.procs")).stream()
                .filter(member -> comm.equals(String.join("", lines(Path.of("/proc/" + member + "/comm")))))
                .map(Integer::valueOf)
                .findFirst();
    }

    /** The path of a process's cgroup below the root of the hierarchy. */
    public static String cgroup(int pid) {
        return lines(Path.of("/proc/" + pid + "/cgroup")).stream()
                .filter(line -> line.startsWith("0::")).findFirst().map(line -> line.substring(3)).orElse("/none");
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (NoSuchFileException e) {
            return List.of(); // the process has ended
        } catch (IOException e) {
            if ("No such process".equals(e.getMessage())) {
                return List.of();
            }
            throw new UncheckedIOException(e);
        }
    }
}
