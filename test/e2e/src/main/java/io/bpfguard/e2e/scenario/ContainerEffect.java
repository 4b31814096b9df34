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

/** What an attempt did to its container. */
interface ContainerEffect extends Effect {
    /**
     * What is mounted has changed. There is {@code /m}, with the mount {@code /m/old} and the directory {@code /m/new} in it, for the
     * attempt to play with. An object is for one attempt at a time.
     */
    final class MountsChanged implements ContainerEffect {
        private static final String AGAIN = """
                while grep -q ' /m ' /proc/self/mountinfo; do umount -l /m; done
                mkdir -p /m && mount -t tmpfs m /m && mkdir /m/old /m/new && mount -t tmpfs old /m/old
                """;

        private List<String> before = List.of();

        @Override
        public void reset(Stage stage, Container container) {
            int pid = stage.kubelet.status(container).pid();
            var result = Host.inside(pid, AGAIN);
            if (!result.ok()) {
                throw new IllegalStateException("cannot prepare mounts: " + result.output());
            }
            before = Host.mounts(pid);
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return !Host.mounts(stage.kubelet.status(container).pid()).equals(before);
        }

        @Override
        public String toString() {
            return "MountsChanged";
        }
    }

    /** A file of the container's own file system is not as the image has it, or is no longer what its path leads to. */
    record OwnFileChanged(String path) implements ContainerEffect {
        private static final byte[] CONTENT = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n".getBytes();
        private static final int MODE = 0100644;

        @Override
        public void reset(Stage stage, Container container) {
            int pid = stage.kubelet.status(container).pid();
            while (Host.mounted(pid, "", path)) {
                Host.unmount(pid, path);
            }
            for (var suffix : List.of(".moved", ".linked", ".other", "")) {
                Effect.delete(file(stage, container, suffix));
            }
            try {
                Files.write(file(stage, container, ""), CONTENT);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean present(Stage stage, Container container) {
            Path file = file(stage, container, "");
            try {
                return !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                        || !Arrays.equals(Files.readAllBytes(file), CONTENT)
                        || (Integer) Files.getAttribute(file, "unix:uid") != 0
                        || (Integer) Files.getAttribute(file, "unix:mode") != MODE
                        || (Integer) Files.getAttribute(file, "unix:nlink") != 1
                        || Effect.AttributeSet.attribute(file).ok();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private Path file(Stage stage, Container container, String suffix) {
            return Path.of("/proc/" + stage.kubelet.status(container).pid() + "/root" + path + suffix);
        }
    }
}
