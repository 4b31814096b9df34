package io.bpfguard.install;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Takes our files out of hook directories. */
public final class HookRemoval {
    private HookRemoval() {}

    /**
     * A file of one of our names that was there.
     *
     * @param path where, on the host
     * @param removed whether it was ours and is gone, or is somebody else's and was left
     */
    public record Seen(String path, boolean removed) {}

    /**
     * Removes our files from a directory, or from all that a runtime reads by its configuration or reads when there is none.
     *
     * @return what was found
     * @throws InstallException if a runtime's configuration is wrong, and then nothing was removed; or if removing failed
     */
    public static List<Seen> remove(HostRoot root, Optional<String> directory) throws InstallException {
        List<Seen> seen = new ArrayList<>();
        if (directory.isPresent() && !directory.get().startsWith("/")) {
            throw new InstallException(directory.get() + " is not an absolute path; nothing was removed");
        }
        Set<String> directories = directory.isPresent() ? Set.of(directory.get()) : known(root);
        for (String path : directories) {
            Place place = new Place(root, path);
            // The stage that refuses containers goes first: what is left alone does no harm.
            for (HookFile file : HookFile.values()) {
                try {
                    Optional<byte[]> there = place.read(file.fileName());
                    if (there.isPresent()) {
                        boolean ours = HookFile.isOurs(there.get());
                        if (ours) {
                            place.remove(file);
                        }
                        seen.add(new Seen(place.nameOf(file), ours));
                    }
                } catch (IOException failure) {
                    throw new InstallException("removing " + place.nameOf(file) + " failed: " + failure);
                }
            }
        }
        return seen;
    }

    private static Set<String> known(HostRoot root) throws InstallException {
        Set<String> directories = new LinkedHashSet<>(List.of(HookDirectory.LOCAL, HookDirectory.SHIPPED));
        for (ContainerRuntime runtime : ContainerRuntime.values()) {
            for (Reading reading : runtime.readings(root)) {
                reading.directories().stream().filter(HookDirectory::absolute).map(HookDirectory::path).forEach(directories::add);
            }
        }
        return directories;
    }
}
