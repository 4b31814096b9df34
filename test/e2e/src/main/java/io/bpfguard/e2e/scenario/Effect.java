package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.node.Host;
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

    /** A name of the process to look at while it waits for the host, or "" when the effect outlives it. */
    default String held() {
        return "";
    }

    /** A file below the shared directory has not the content, owner and place that it was given. */
    record FileChanged(String name) implements Effect {
        private static final String CONTENT = "known content\n";

        @Override
        public void reset(Stage stage, Container container) {
            for (var other : List.of(".moved", ".linked")) {
                delete(stage.layout.shared().resolve(name + other));
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
                        || (Integer) Files.getAttribute(file, "unix:nlink") != 1;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Reading leaves no trace: the exit status alone says whether it got through. */
    record FileRead(String name) implements Effect {
        @Override
        public void reset(Stage stage, Container container) {
            stage.sharedFile(name, "known content\n");
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return false;
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

    /** A process has another namespace than its container. */
    record OtherNamespace(String comm, String kind) implements Effect {
        @Override
        public void reset(Stage stage, Container container) {
            // It ends with the process.
        }

        @Override
        public boolean present(Stage stage, Container container) {
            int pid = stage.kubelet.status(container).pid();
            int held = Host.inCgroupOf(pid, comm).orElseThrow();
            return !Host.namespace(held, kind).equals(Host.namespace(pid, kind));
        }

        @Override
        public String held() {
            return comm;
        }
    }

    /** A process has no effective capability left. */
    record NoCapabilities(String comm) implements Effect {
        @Override
        public void reset(Stage stage, Container container) {
            // It ends with the process.
        }

        @Override
        public boolean present(Stage stage, Container container) {
            int held = Host.inCgroupOf(stage.kubelet.status(container).pid(), comm).orElseThrow();
            return Host.effectiveCapabilities(held).matches("0+");
        }

        @Override
        public String held() {
            return comm;
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

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
