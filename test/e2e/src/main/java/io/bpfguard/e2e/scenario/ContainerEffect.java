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
