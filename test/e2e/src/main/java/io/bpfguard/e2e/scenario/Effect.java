package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.node.Host;
import io.bpfguard.e2e.node.Shell;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** What an attempt does when it gets through, observed from the host. */
public interface Effect {
    /** Puts things back to where the effect is absent. */
    void reset(Stage stage, Container container);

    /** Whether the effect is there. */
    boolean present(Stage stage, Container container);

    /** Whether the probe must be looked at while it waits for the host; else the effect outlives it. */
    default boolean whileHeld() {
        return false;
    }

    /** Whether it leaves a trace; else the exit status alone says whether it got through. */
    default boolean visible() {
        return true;
    }

    /** A file below the shared directory has not the content, owner, mode and place that it was given. */
    record FileChanged(String name) implements Effect {
        private static final String CONTENT = "known content\n";
        private static final int MODE = 0100644;

        @Override
        public void reset(Stage stage, Container container) {
            for (var other : List.of(".moved", ".linked", ".other")) {
                delete(stage.layout.shared().resolve(name + other));
            }
            Path file = stage.layout.shared().resolve(name);
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                delete(file);
            }
            stage.sharedFile(name, CONTENT);
        }

        @Override
        public boolean present(Stage stage, Container container) {
            Path file = stage.layout.shared().resolve(name);
            try {
                return !Files.isRegularFile(file)
                        || !Arrays.equals(Files.readAllBytes(file), CONTENT.getBytes())
                        || (Integer) Files.getAttribute(file, "unix:uid") != 0
                        || (Integer) Files.getAttribute(file, "unix:mode") != MODE
                        || (Integer) Files.getAttribute(file, "unix:nlink") != 1;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Reading a file below the shared directory leaves no trace. */
    record FileRead(String name) implements Effect {
        @Override
        public void reset(Stage stage, Container container) {
            stage.sharedFile(name, "known content\n");
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return false;
        }

        @Override
        public boolean visible() {
            return false;
        }
    }

    /** Nothing that the host could see. */
    record Nothing() implements Effect {
        @Override
        public void reset(Stage stage, Container container) {
            // There is nothing.
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return false;
        }

        @Override
        public boolean visible() {
            return false;
        }
    }

    /** A file below the shared directory has the extended attribute that {@code /probes/file} sets. */
    record AttributeSet(String name) implements Effect {
        @Override
        public void reset(Stage stage, Container container) {
            stage.sharedFile(name, "known content\n"); // a new one
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return attribute(stage.layout.shared().resolve(name)).ok();
        }

        static Shell.Result attribute(Path file) {
            return Shell.run("busybox", "getfattr", "-n", "security.probe", file.toString());
        }
    }

    /** The extended attribute of a file below the shared directory is gone. */
    record AttributeGone(String name) implements Effect {
        @Override
        public void reset(Stage stage, Container container) {
            stage.sharedFile(name, "known content\n");
            Shell.must(stage.layout.probes().resolve("file").toString(), "setxattr", stage.layout.shared().resolve(name).toString());
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return !AttributeSet.attribute(stage.layout.shared().resolve(name)).ok();
        }
    }

    /** A directory below the shared directory is gone. */
    record DirectoryGone(String name) implements Effect {
        @Override
        public void reset(Stage stage, Container container) {
            try {
                Files.createDirectories(stage.layout.shared().resolve(name));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return !Files.exists(stage.layout.shared().resolve(name));
        }
    }

    /** A file below the shared directory exists. */
    record FileMade(String name) implements Effect {
        @Override
        public void reset(Stage stage, Container container) {
            delete(stage.layout.shared().resolve(name));
            delete(stage.sharedFile(name, "")); // makes the directory above it too
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return Files.exists(stage.layout.shared().resolve(name), LinkOption.NOFOLLOW_LINKS);
        }
    }

    /** A file system is mounted in the container. */
    record Mounted(String type, String target) implements Effect {
        @Override
        public void reset(Stage stage, Container container) {
            int pid = stage.kubelet.status(container).pid();
            while (Host.mounted(pid, "", target)) {
                Host.unmount(pid, target);
            }
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return Host.mounted(stage.kubelet.status(container).pid(), type, target);
        }
    }

    /** The release_agent of the guest's own cgroup v1 hierarchy has a value. */
    record ReleaseAgentSet(String mountedAt) implements Effect {
        @Override
        public void reset(Stage stage, Container container) {
            new Mounted("cgroup", mountedAt).reset(stage, container);
            try {
                Files.writeString(agentFile(stage), "\n");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean present(Stage stage, Container container) {
            try {
                return !Files.readString(agentFile(stage)).isBlank();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static Path agentFile(Stage stage) {
            return stage.layout.releaseHierarchy().resolve("release_agent");
        }
    }

    static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
