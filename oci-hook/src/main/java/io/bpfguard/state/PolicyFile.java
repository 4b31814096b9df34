package io.bpfguard.state;

import io.bpfguard.bpf.routing.InForce;
import io.bpfguard.policy.compile.CompiledPolicies;
import io.bpfguard.policy.compile.StateFileException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * The compiled policies on disk, for hooks that work without the agent. Each file is named by its digest, and the kernel's state says
 * which digest is in force: a file that is torn, old or changed is never taken for it.
 */
public final class PolicyFile {
    private static final String PREFIX = "policies-";
    private static final String REMEDY = "; start the agent, or run \"bpfguard load\"";
    private static final long MAX_SIZE = 256L << 20;

    private final Path directory;

    /** @param directory made when something is written; root's alone */
    public PolicyFile(Path directory) {
        this.directory = directory;
    }

    /** Writes policies beside those in force; to be done before they are put in force. */
    public void write(CompiledPolicies policies, InForce name) {
        Path file = path(name);
        Path next = directory.resolve("next");
        try {
            RootDirectory.make(directory);
            try (OutputStream out = Files.newOutputStream(next, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE,
                    LinkOption.NOFOLLOW_LINKS)) {
                policies.writeTo(out);
            }
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failure) {
            throw new UncheckedIOException("writing " + file + ", without which hooks refuse containers", failure);
        }
    }

    /** Removes the files of policies that are not in force any more. */
    public void removeOthers(InForce inForce) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, PREFIX + "*")) {
            for (Path file : files) {
                if (!file.equals(path(inForce))) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("removing old files in " + directory, failure);
        }
    }

    /**
     * Reads the policies in force.
     *
     * @throws StateException if there is no such file, or it is not the one that was written; with the remedy
     */
    public CompiledPolicies read(InForce inForce) throws StateException {
        Path file = path(inForce);
        try {
            if (Files.size(file) > MAX_SIZE) {
                throw new StateException(file + " has more than " + (MAX_SIZE >> 20) + " MiB" + REMEDY);
            }
            CompiledPolicies policies = CompiledPolicies.read(Files.readAllBytes(file));
            if (!Arrays.equals(policies.digest(), inForce.digest())) {
                throw new StateException(file + " is torn or was changed: its content is not what its name says" + REMEDY);
            }
            return policies;
        } catch (NoSuchFileException missing) {
            throw new StateException("the file of the policies in force is missing: " + file + REMEDY);
        } catch (StateFileException wrong) {
            throw new StateException(file + " " + wrong.getMessage() + REMEDY);
        } catch (IOException failure) {
            throw new StateException("cannot read " + file + ": " + failure.getMessage() + REMEDY);
        }
    }

    private Path path(InForce inForce) {
        return directory.resolve(PREFIX + inForce.name());
    }
}
