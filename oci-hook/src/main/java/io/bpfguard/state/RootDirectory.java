package io.bpfguard.state;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A directory in which only root can look and write. */
public final class RootDirectory {
    private static final FileAttribute<Set<PosixFilePermission>> OWN = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private RootDirectory() {}

    /**
     * Makes it, with the directories above it, if need be.
     *
     * @throws IOException also if something else is there, or a directory in which others may write
     */
    public static void make(Path directory) throws IOException {
        Path parent = directory.getParent();
        if (parent != null && !Files.exists(parent)) {
            make(parent);
        }
        try {
            Files.createDirectory(directory, OWN);
        } catch (FileAlreadyExistsException there) {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS);
            int owner = (Integer) Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS) || owner != 0 || permissions.contains(PosixFilePermission.GROUP_WRITE)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
                throw new IOException(directory + " is not a directory that only root can write to; remove it, or \"chown root\" and \"chmod 700\" it");
            }
        }
    }
}
