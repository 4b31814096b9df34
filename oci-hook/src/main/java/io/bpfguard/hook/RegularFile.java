package io.bpfguard.hook;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Opens what must be an ordinary file. Its last component may not be a link; what it is made of is asked first, since opening a FIFO waits. */
final class RegularFile {
    private RegularFile() { }

    /**
     * Opens a file for reading.
     *
     * @param cap bytes that it may have
     * @param remedy what to do if it cannot be opened, as messages end
     */
    static InputStream open(Path file, long cap, String remedy) throws HookException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile()) {
                String kind = attributes.isSymbolicLink() ? "a symbolic link" : attributes.isDirectory() ? "a directory" : "a device, socket or FIFO";
                throw new HookException(file + " is " + kind + " and must be a regular file; " + remedy);
            }
            if (attributes.size() > cap) {
                throw new HookException(file + " has " + attributes.size() + " bytes and may have " + cap + "; " + remedy);
            }
            return Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException failure) {
            throw new HookException(file + " cannot be opened: " + reason(failure) + "; " + remedy, failure);
        }
    }

    /** Java's messages of the common failures are only the path. */
    private static String reason(IOException failure) {
        if (failure instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        return failure instanceof FileSystemException detail && detail.getReason() != null ? detail.getReason() : String.valueOf(failure.getMessage());
    }
}
