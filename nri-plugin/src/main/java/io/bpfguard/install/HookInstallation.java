package io.bpfguard.install;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Registers the hook: finds a directory that each runtime really reads, and writes our files there. Everything is checked before anything is written. */
public final class HookInstallation {
    private final HostRoot root;
    private final Registration what;
    private final Map<ContainerRuntime, List<Reading>> readings = new LinkedHashMap<>();

    /**
     * A file that is in its place now.
     *
     * @param file which of ours
     * @param path where, on the host
     * @param changed whether it was written, or was there as it should be
     * @param readers the runtimes on this host that read it
     */
    public record Installed(HookFile file, String path, boolean changed, List<ContainerRuntime> readers) {
        /** Copies the list. */
        public Installed {
            readers = List.copyOf(readers);
        }
    }

    private HookInstallation(HostRoot root, Registration what) {
        this.root = root;
        this.what = what;
    }

    /**
     * Registers the hook.
     *
     * @param root the host
     * @param runtimes for which runtimes
     * @param directory where, instead of a directory of our choice
     * @param what what the files say; the program is looked at
     * @return the files, whether they had to be written or not
     * @throws InstallException if something does not fit, and then nothing was changed; or if writing failed
     */
    public static List<Installed> install(HostRoot root, Set<ContainerRuntime> runtimes, Optional<String> directory, Registration what)
            throws InstallException {
        String launcher = Launcher.checked(root, what.launcher());
        HookInstallation installation = new HookInstallation(root, new Registration(launcher, what.limitMillis(), what.annotation()));
        for (ContainerRuntime runtime : ContainerRuntime.values()) {
            if (runtimes.contains(runtime) || runtime.found(root)) {
                installation.readings.put(runtime, runtime.readings(root));
            }
        }
        Set<String> targets = new LinkedHashSet<>();
        for (ContainerRuntime runtime : runtimes) {
            targets.add(installation.target(runtime, directory.map(path -> Path.of(path).toString())));
        }
        for (String target : targets) {
            installation.checkReaders(target);
        }
        List<Installed> installed = new ArrayList<>();
        for (String target : targets) {
            installation.write(new Place(root, target), installed);
        }
        return installed;
    }

    private String target(ContainerRuntime runtime, Optional<String> asked) throws InstallException {
        List<Reading> all = readings.get(runtime);
        List<String> present = all.getFirst().paths();
        List<HookDirectory> common = all.getFirst().directories().stream()
                .filter(directory -> all.stream().allMatch(reading -> reading.paths().contains(directory.path()))).toList();
        if (asked.isPresent()) {
            if (common.stream().noneMatch(directory -> directory.path().equals(asked.get()))) {
                throw new InstallException(runtime.label() + " does not read " + asked.get() + ", so nothing was installed. "
                        + runtime.howToAdd(present, asked.get()));
            }
            Optional<String> unfit = unfit(asked.get());
            if (unfit.isPresent()) {
                throw new InstallException(asked.get() + " is not fit: " + unfit.get() + ". Nothing was installed");
            }
            return asked.get();
        }
        List<String> fit = common.stream().map(HookDirectory::path).filter(path -> unfit(path).isEmpty()).toList();
        if (fit.isEmpty()) {
            throw new InstallException(noneFit(runtime, common));
        }
        for (String path : fit.reversed()) {
            if (holdsOurs(new Place(root, path))) {
                return path;
            }
        }
        return fit.contains(HookDirectory.LOCAL) ? HookDirectory.LOCAL : fit.getLast();
    }

    private String noneFit(ContainerRuntime runtime, List<HookDirectory> common) {
        StringBuilder message = new StringBuilder(runtime.label() + " reads no directory that hook files can be put in, so nothing was installed.");
        common.forEach(directory -> message.append("\n  %s (%s): %s".formatted(directory.path(), directory.from(), unfit(directory.path()).orElse(""))));
        List<Reading> all = readings.get(runtime);
        if (all.size() > 1) {
            all.forEach(reading -> message.append("\n  %s reads %s".formatted(reading.reader(), reading.paths())));
        }
        return message + "\n" + runtime.howToAdd(all.getFirst().paths(), HookDirectory.LOCAL);
    }

    private Optional<String> unfit(String path) {
        return path.startsWith("/") ? new Place(root, path).unfit() : Optional.of("it is not an absolute path");
    }

    private boolean holdsOurs(Place place) throws InstallException {
        for (HookFile file : HookFile.values()) {
            Optional<byte[]> there = read(place, file);
            if (there.isPresent() && HookFile.isOurs(there.get())) {
                return true;
            }
        }
        return false;
    }

    private static Optional<byte[]> read(Place place, HookFile file) throws InstallException {
        try {
            return place.read(file.fileName());
        } catch (IOException failure) {
            throw new InstallException(place.nameOf(file) + " cannot be read: " + failure.getMessage() + ". Nothing was installed");
        }
    }

    /** Others' files of our names are left alone, and ours would be no use under them. */
    private void checkReaders(String target) throws InstallException {
        for (ContainerRuntime runtime : readers(target)) {
            if (what.annotation().isPresent() && runtime != ContainerRuntime.PODMAN) {
                throw new InstallException("--annotation is for Podman alone, and " + runtime.label() + " reads " + target
                        + " too; let Podman read a directory of its own. Nothing was installed. "
                        + ContainerRuntime.PODMAN.howToAdd(List.of(target), HookDirectory.LOCAL));
            }
            for (Reading reading : readings.get(runtime)) {
                checkNames(reading, target);
            }
        }
    }

    private void checkNames(Reading reading, String target) throws InstallException {
        int own = reading.paths().indexOf(target);
        for (int index = 0; index < reading.directories().size(); index++) {
            HookDirectory directory = reading.directories().get(index);
            if (!directory.absolute()) {
                continue;
            }
            Place place = new Place(root, directory.path());
            for (HookFile file : HookFile.values()) {
                Optional<byte[]> there = read(place, file);
                if (there.isEmpty()) {
                    continue;
                }
                if (!HookFile.isOurs(there.get())) {
                    throw new InstallException(place.nameOf(file) + " is not BPFGuard's; nothing was changed. Rename it if it is needed, remove it if not");
                }
                if (index > own) {
                    throw new InstallException(place.nameOf(file) + ", from an earlier installation, would replace the file in " + target
                            + "; nothing was changed. Run bpfguard hook uninstall first");
                }
            }
        }
    }

    private List<ContainerRuntime> readers(String directory) {
        return Arrays.stream(ContainerRuntime.values()).filter(runtime -> readings.getOrDefault(runtime, List.of()).stream()
                .anyMatch(reading -> reading.paths().contains(directory))).toList();
    }

    /** The one that only cleans up goes first: alone it does no harm. */
    private void write(Place place, List<Installed> installed) throws InstallException {
        for (HookFile file : List.of(HookFile.POSTSTOP, HookFile.CREATE)) {
            byte[] content = file.content(what);
            boolean changed = !read(place, file).filter(there -> Arrays.equals(there, content)).isPresent();
            if (changed) {
                try {
                    place.write(file, content);
                } catch (IOException failure) {
                    throw new InstallException("writing " + place.nameOf(file) + " failed: " + failure + "; what was written before it stays:"
                            + " repair the cause and run bpfguard hook install again, or bpfguard hook uninstall");
                }
            }
            installed.add(new Installed(file, place.nameOf(file), changed, readers(place.path())));
        }
    }
}
