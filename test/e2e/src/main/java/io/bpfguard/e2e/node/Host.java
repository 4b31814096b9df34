package io.bpfguard.e2e.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What the host sees of a process, whatever the process says of itself. */
public final class Host {
    private Host() {}

    /** Whether the process's mount namespace has a file system of this type at this place ("" for any type). */
    public static boolean mounted(int pid, String type, String target) {
        return lines(Path.of("/proc/" + pid + "/mountinfo")).stream().anyMatch(line -> {
            String[] fields = line.split(" ");
            int separator = List.of(fields).indexOf("-");
            return fields[4].equals(target) && (type.isEmpty() || fields[separator + 1].equals(type));
        });
    }

    public static void unmount(int pid, String target) {
        Shell.run("nsenter", "-t", Integer.toString(pid), "-m", "umount", "-l", target);
    }

    /** The identity of a namespace of a process, such as {@code mnt:[4026531841]}. */
    public static String namespace(long pid, String kind) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/" + kind)).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The effective capabilities of a process as the kernel prints them. */
    public static String effectiveCapabilities(long pid) {
        return lines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith("CapEff:")).findFirst().orElseThrow().substring(7).strip();
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
