package io.bpfguard.install;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The program that a runtime starts as a hook. It is looked at before it is named to a runtime, because runtimes pass over a hook
 * whose program is missing without a word, and because whoever can replace it is root on the host.
 */
final class Launcher {
    /** Its file name, by which files in hooks.d are known to be ours. */
    static final String NAME = "bpfguard-hook";

    private static final int REGULAR = 0100000;
    private static final int TYPE = 0170000;
    private static final int OWNER_MAY_EXECUTE = 0100;

    private Launcher() {}

    /** Why a runtime should not be told to start this program, or nothing. */
    static Optional<String> problem(HostRoot root, String hostPath) {
        if (!hostPath.startsWith("/")) {
            return Optional.of(hostPath + " is not an absolute path");
        }
        if (!Path.of(hostPath).endsWith(NAME)) {
            return Optional.of(hostPath + " is not named " + NAME + ", by which the hook is known");
        }
        Path path = root.at(hostPath);
        try {
            int mode = (Integer) Files.getAttribute(path, "unix:mode");
            if ((mode & TYPE) != REGULAR) {
                return Optional.of(hostPath + " is not a regular file");
            }
            if ((mode & OWNER_MAY_EXECUTE) == 0) {
                return Optional.of(hostPath + " is not executable (chmod 755 " + hostPath + ")");
            }
            return Ownership.problem(root, path);
        } catch (NoSuchFileException missing) {
            return Optional.of(hostPath + " is not there");
        } catch (IOException failure) {
            return Optional.of(hostPath + " cannot be looked at: " + failure.getMessage());
        }
    }

    /**
     * The same path without links, as it is written into hook files.
     *
     * @throws InstallException if {@link #problem} has something to say
     */
    static String checked(HostRoot root, String hostPath) throws InstallException {
        Optional<String> wrong = problem(root, hostPath);
        if (wrong.isPresent()) {
            throw new InstallException("the hook's program is not fit: " + wrong.get()
                    + ". A runtime passes over a hook whose program is missing without a word, so nothing was installed");
        }
        String real = canonical(root, hostPath);
        if (!Path.of(real).endsWith(NAME)) {
            throw new InstallException("the hook's program is not fit: " + hostPath + " leads to " + real + ", which is not named " + NAME);
        }
        return real;
    }

    /** The path without links, or as it is where there is nothing. */
    static String canonical(HostRoot root, String hostPath) {
        try {
            return root.nameOf(root.at(hostPath).toRealPath());
        } catch (IOException missing) {
            return hostPath;
        }
    }
}
