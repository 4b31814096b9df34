package io.bpfguard.hook;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What a container's OCI configuration says that policies go by (runtime-spec, "Configuration").
 *
 * @param annotations of the configuration
 * @param cgroupsPath of its {@code linux} object; empty where there is none, and the runtime chooses
 * @param linux whether there is a {@code linux} object: a container of another kind has no cgroup here
 */
public record BundleConfig(Map<String, String> annotations, Optional<String> cgroupsPath, boolean linux) {
    /** What a configuration may have, in bytes: real ones have some ten thousand, few have millions. */
    static final long CAP = 64L << 20;

    private static final String REMEDY = "it must be the configuration that the container's runtime works by (runtime-spec, \"Configuration\")";

    public BundleConfig {
        annotations = Map.copyOf(annotations);
        Objects.requireNonNull(cgroupsPath, "cgroupsPath is null");
    }

    /**
     * Reads {@code config.json} of a bundle.
     *
     * @throws HookException if it is missing, no regular file, a link, larger than 64 MiB or deeper than 64 levels, not one
     *     JSON object, a field comes twice, or what is asked for has another type than in the specification; names the file, and
     *     line and column
     */
    public static BundleConfig read(Path bundle) throws HookException {
        return read(bundle.resolve("config.json"), CAP);
    }

    static BundleConfig read(Path file, long cap) throws HookException {
        return read(RegularFile.open(file, cap, REMEDY), file.toString(), cap);
    }

    /** Reads and closes. */
    static BundleConfig read(InputStream bytes, String name, long cap) throws HookException {
        try (JsonSource json = JsonSource.of(bytes, name, REMEDY, cap)) {
            Map<String, String> annotations = Map.of();
            Optional<String> cgroupsPath = Optional.empty();
            boolean linux = false;
            json.begin();
            for (String field = json.nextField(); field != null; field = json.nextField()) {
                switch (field) {
                    case "annotations" -> annotations = json.texts(field);
                    case "linux" -> {
                        linux = json.beginObject(field);
                        if (linux) {
                            cgroupsPath = cgroupsPath(json);
                        }
                    }
                    default -> json.skip();
                }
            }
            json.end();
            return new BundleConfig(annotations, cgroupsPath, linux);
        }
    }

    /** An empty path is as good as none to runtimes. */
    private static Optional<String> cgroupsPath(JsonSource json) throws HookException {
        Optional<String> path = Optional.empty();
        for (String field = json.nextField(); field != null; field = json.nextField()) {
            if (field.equals("cgroupsPath")) {
                path = Optional.of(json.text("linux.cgroupsPath")).filter(text -> !text.isEmpty());
            } else {
                json.skip();
            }
        }
        return path;
    }

    /**
     * The container's annotations: this configuration's, and the state's only if it has none. The configuration is what the
     * runtime makes the container from, and what the sandbox's annotations are read from as well; the state repeats it, and
     * runtimes leave out or add some there. A mixture of both could say of a container what neither says.
     */
    public Map<String, String> annotationsOr(RuntimeState state) {
        return annotations.isEmpty() ? state.annotations() : annotations;
    }
}
