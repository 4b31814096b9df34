package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What an attempt did to the node. */
interface NodeEffect extends Effect {
    /** Its core_pattern has another value; what else was done for it is in the container. */
    record CorePatternSet() implements NodeEffect {
        private static final Path FILE = Path.of("/proc/sys/kernel/core_pattern");
        private static final String NORMAL = "core\n";

        @Override
        public void reset(Stage stage, Container container) {
            try {
                Files.writeString(FILE, NORMAL);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return !content(FILE).equals(NORMAL);
        }
    }

    /** Something has arrived at an address of the node, see {@link Listeners}. */
    record Reached(Listeners.Address address) implements NodeEffect {
        @Override
        public void reset(Stage stage, Container container) {
            stage.listeners().forget();
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return stage.listeners().reached(address);
        }
    }

    private static String content(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
