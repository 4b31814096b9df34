package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.MapFull;
import io.bpfguard.bpf.libbpf.MappedArray;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The maps of {@code unclaimed.h}. Not thread-safe. */
final class UnclaimedMaps implements AutoCloseable {
    /** Their names, and those of their pins. */
    static final List<String> NAMES = List.of("unclaimed", "guarded_names", "guarded_roots", "pause_programs", "sandboxes");
    private static final int MODE = 8;
    private static final byte[] YES = BpfMap.u32(1);

    private final BpfMap names;
    private final BpfMap roots;
    private final BpfMap pausePrograms;
    private final BpfMap sandboxes;
    private final MappedArray settings;
    private final Path cgroups;

    /**
     * @param maps directory of the pins
     * @param cgroups where the hierarchy is mounted
     */
    UnclaimedMaps(Path maps, Path cgroups) {
        this.cgroups = cgroups;
        try (BpfMap map = BpfMap.openPinned(maps.resolve("unclaimed"))) {
            settings = MappedArray.of(map);
        }
        names = BpfMap.openPinned(maps.resolve("guarded_names"));
        roots = BpfMap.openPinned(maps.resolve("guarded_roots"));
        pausePrograms = BpfMap.openPinned(maps.resolve("pause_programs"));
        sandboxes = BpfMap.openPinned(maps.resolve("sandboxes"));
    }

    /** The mode comes last when more is guarded, and what is guarded no longer goes last. */
    void set(Unclaimed next) {
        Set<Long> ids = new HashSet<>();
        next.pausePrograms().forEach(name -> pausePrograms.update(padded(name, Layout.PROGRAM_NAME_SIZE), YES));
        for (String name : next.roots()) {
            // From now on the kernel side notes it when it is made; and one that is there, here.
            names.update(padded(name, Layout.NAME_SIZE), YES);
            id(name).ifPresent(id -> {
                ids.add(id);
                roots.update(BpfMap.u64(id), YES);
            });
        }
        settings.setInt(0, MODE, next.mode().ordinal());
        names.keys().stream().filter(key -> next.roots().stream().noneMatch(name -> Arrays.equals(key, padded(name, Layout.NAME_SIZE)))).forEach(names::delete);
        pausePrograms.keys().stream().filter(key -> next.pausePrograms().stream().noneMatch(name -> Arrays.equals(key, padded(name, Layout.PROGRAM_NAME_SIZE))))
                .forEach(pausePrograms::delete);
        // One that was made meanwhile has a wanted name, and is there.
        next.roots().forEach(name -> id(name).ifPresent(ids::add));
        roots.keys().stream().filter(key -> !ids.contains(BpfMap.view(key).getLong())).forEach(roots::delete);
    }

    Unclaimed.Mode mode() {
        int mode = settings.getInt(0, MODE);
        return mode >= 0 && mode < Unclaimed.Mode.values().length ? Unclaimed.Mode.values()[mode] : Unclaimed.Mode.DENY;
    }

    /** From now on what is executed in this cgroup is a sandbox's. False if there is no room to note that. */
    boolean isSandbox(long cgroupId) {
        try {
            sandboxes.update(BpfMap.u64(cgroupId), YES);
            return true;
        } catch (MapFull full) {
            return false;
        }
    }

    private java.util.Optional<Long> id(String name) {
        try {
            return java.util.Optional.of((Long) Files.getAttribute(cgroups.resolve(name), "unix:ino", LinkOption.NOFOLLOW_LINKS));
        } catch (NoSuchFileException absent) {
            return java.util.Optional.empty();
        } catch (IOException failure) {
            throw new RoutingException("cannot look at the cgroup " + name + ": " + failure.getMessage());
        }
    }

    private static byte[] padded(String name, int size) {
        return Arrays.copyOf(name.getBytes(StandardCharsets.UTF_8), size);
    }

    @Override
    public void close() {
        settings.close();
        names.close();
        roots.close();
        pausePrograms.close();
        sandboxes.close();
    }
}
