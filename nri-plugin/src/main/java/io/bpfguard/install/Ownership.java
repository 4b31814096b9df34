package io.bpfguard.install;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Whether only root can say what is found at a path: root owns the file and each directory above it, and nobody else may write there. */
final class Ownership {
    private static final int GROUP_OR_OTHERS_WRITE = 0022;

    private Ownership() {}

    /**
     * What is wrong with a path that is there; links in it are looked at by name and by where they lead.
     *
     * @throws NoSuchFileException if nothing is there
     */
    static Optional<String> problem(HostRoot root, Path path) throws IOException {
        Path real = path.toRealPath();
        if (!real.startsWith(root.path())) {
            return Optional.of(root.nameOf(path) + " is a link that leads out of " + root.path());
        }
        Optional<String> wrong = chain(root, real);
        return wrong.isPresent() || real.equals(path) ? wrong : chain(root, path.getParent());
    }

    private static Optional<String> chain(HostRoot root, Path path) throws IOException {
        for (Path at = path; at.startsWith(root.path()); at = at.getParent()) {
            Map<String, Object> status = Files.readAttributes(at, "unix:mode,uid");
            int mode = (Integer) status.get("mode");
            int owner = (Integer) status.get("uid");
            if (owner != root.owner()) {
                return Optional.of(root.nameOf(at) + " belongs to user " + owner + " and must belong to root (chown root " + root.nameOf(at) + ")");
            }
            if ((mode & GROUP_OR_OTHERS_WRITE) != 0) {
                return Optional.of("%s can be written by others than root (mode %o; chmod go-w %s)".formatted(root.nameOf(at), mode & 07777, root.nameOf(at)));
            }
            if (at.getParent() == null) {
                break;
            }
        }
        return Optional.empty();
    }
}
