package io.bpfguard.hook;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Bundles as runtimes leave them (src/test/resources/bundles), and what else the tests say to a hook. */
final class Bundles {
    static final String CRIO_CONTAINER = "dcb1a885a2f917d467747fd2edc6a99fff5b0b6aabf28f1ed88b850b1ed384ab";
    static final String CRIO_SANDBOX = "d0d5fbf67ffa0e0c0167c92bcfa3ff7c77dff9981ed870e179e81137f7e50952";

    private Bundles() { }

    static Path bundle(String name) {
        try {
            return Path.of(Bundles.class.getResource("/bundles/" + name).toURI());
        } catch (URISyntaxException impossible) {
            throw new AssertionError(impossible);
        }
    }

    static Path crio(String id) {
        return bundle("crio/overlay-containers/" + id + "/userdata");
    }

    static ByteArrayInputStream bytes(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    static RuntimeState state(String id, Path bundle) {
        return new RuntimeState("1.2.0", id, "creating", 1, bundle, Map.of());
    }

    /** What a hook makes of a bundle. */
    static HookedContainer hooked(String id, Path bundle) throws HookException {
        return HookedContainer.of(state(id, bundle), BundleConfig.read(bundle));
    }

    /** A plain configuration with these annotations, given as JSON text. */
    static HookedContainer withAnnotations(String id, Path bundle, String annotations) throws HookException {
        return HookedContainer.of(state(id, bundle), BundleConfig.read(bytes("{\"annotations\": " + annotations + "}"), "config.json", BundleConfig.CAP));
    }

    /** A configuration of a bundle in some directory. */
    static Path write(Path bundle, String config) throws IOException {
        Files.writeString(Files.createDirectories(bundle).resolve("config.json"), config);
        return bundle;
    }

    /** Text as a JSON string. */
    static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char unit : text.toCharArray()) {
            json.append(unit < 0x20 || unit == '"' || unit == '\\' ? String.format("\\u%04x", (int) unit) : String.valueOf(unit));
        }
        return json.append('"').toString();
    }
}
