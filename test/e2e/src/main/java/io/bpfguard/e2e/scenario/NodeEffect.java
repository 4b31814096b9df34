package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.cri.Container;
import io.bpfguard.e2e.node.Shell;
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

    /** A kernel module is there that was not. */
    record ModuleLoaded(String name) implements NodeEffect {
        @Override
        public void reset(Stage stage, Container container) {
            Shell.run("rmmod", name);
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return loaded(name);
        }

        private static boolean loaded(String name) {
            return content(Path.of("/proc/modules")).lines().anyMatch(line -> line.startsWith(name + " "));
        }
    }

    /** A kernel module is gone that was there. */
    record ModuleGone(String name) implements NodeEffect {
        @Override
        public void reset(Stage stage, Container container) {
            Shell.must("modprobe", name);
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return !ModuleLoaded.loaded(name);
        }
    }

    /** A kernel waits to be booted into. */
    record KexecLoaded() implements NodeEffect {
        private static final Path FILE = Path.of("/sys/kernel/kexec_loaded");

        @Override
        public void reset(Stage stage, Container container) {
            Shell.must(stage.layout.probes().resolve("module").toString(), "kexec-unload");
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return content(FILE).strip().equals("1");
        }
    }

    /**
     * A process of the host that belongs to no container is gone.
     *
     * @param name of the shared file that has its number
     */
    record OutsiderKilled(String name) implements NodeEffect {
        @Override
        public void reset(Stage stage, Container container) {
            Path file = stage.layout.shared().resolve(name);
            if (!Files.exists(file) || gone(file)) {
                Shell.must("/bin/sh", "-c", "sleep 1000000 </dev/null >/dev/null 2>&1 & echo $! >" + file);
            }
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return gone(stage.layout.shared().resolve(name));
        }

        private static boolean gone(Path file) {
            return !Files.exists(Path.of("/proc", content(file).strip()));
        }
    }

    /** The user's keys have one that the probe adds. */
    record KeyAdded() implements NodeEffect {
        static final String NAME = "bpfguard-probe";

        @Override
        public void reset(Stage stage, Container container) {
            Shell.must(stage.layout.probes().resolve("keys").toString(), "clear");
        }

        @Override
        public boolean present(Stage stage, Container container) {
            return listed();
        }

        static boolean listed() {
            return content(Path.of("/proc/keys")).contains(NAME);
        }
    }

    /** A process has a session keyring by the name that the probe gives it. */
    record SessionKeyring() implements ProcessEffect {
        @Override
        public boolean present(int held, int containerPid) {
            return KeyAdded.listed();
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
