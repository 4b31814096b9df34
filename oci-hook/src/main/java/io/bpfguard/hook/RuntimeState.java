package io.bpfguard.hook;

import java.io.InputStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/**
 * The state of a container as its runtime writes it to the standard input of a hook (runtime-spec, "State"). Runtimes differ:
 * at createRuntime runc says {@code creating} and crun {@code created}, crun's version is always {@code 1.0}, and it adds
 * {@code root}; so what is not needed is not judged, and unknown fields of any shape are left out.
 *
 * @param ociVersion as written; empty where the runtime said nothing
 * @param id of the container, never empty
 * @param status as written; empty where the runtime said nothing
 * @param pid of the container's first process, in the runtime's pid namespace; 0 where it has none (poststop)
 * @param bundle directory of the container's configuration, absolute
 * @param annotations of the container, as the runtime repeats them
 */
public record RuntimeState(String ociVersion, String id, String status, long pid, Path bundle, Map<String, String> annotations) {
    private static final String NAME = "the runtime's state on standard input";
    private static final String REMEDY = "it must be what an OCI runtime writes to its hooks (runtime-spec, \"State\")";
    /** A state repeats the annotations, so it may be as large as a configuration. Bytes. */
    private static final long CAP = BundleConfig.CAP;
    /** PID_MAX_LIMIT of the kernel is 2^22; the field is a C int everywhere. */
    private static final long LARGEST_PID = Integer.MAX_VALUE;

    public RuntimeState {
        Objects.requireNonNull(ociVersion, "ociVersion is null");
        Objects.requireNonNull(id, "id is null");
        Objects.requireNonNull(status, "status is null");
        Objects.requireNonNull(bundle, "bundle is null");
        annotations = Map.copyOf(annotations);
    }

    /**
     * Reads a state to the end of the input and closes it: crun starts the hook's time only when all is read.
     *
     * @throws HookException if it is not one JSON object, a field comes twice or has another type than in the
     *     specification, {@code id} is missing or empty, or {@code bundle} is missing or not absolute
     */
    public static RuntimeState read(InputStream input) throws HookException {
        try (JsonSource json = JsonSource.of(input, NAME, REMEDY, CAP)) {
            return read(json);
        }
    }

    private static RuntimeState read(JsonSource json) throws HookException {
        String ociVersion = "";
        String id = "";
        String status = "";
        long pid = 0;
        String bundle = "";
        Map<String, String> annotations = Map.of();
        json.begin();
        for (String field = json.nextField(); field != null; field = json.nextField()) {
            switch (field) {
                case "ociVersion" -> ociVersion = json.text(field);
                case "id" -> id = json.text(field);
                case "status" -> status = json.text(field);
                case "pid" -> pid = json.number(field, LARGEST_PID);
                case "bundle" -> bundle = json.text(field);
                case "annotations" -> annotations = json.texts(field);
                default -> json.skip();
            }
        }
        json.end();
        if (id.isEmpty()) {
            throw json.missing("id", "the container's id");
        }
        if (bundle.isEmpty()) {
            throw json.missing("bundle", "the absolute path of the container's bundle");
        }
        return new RuntimeState(ociVersion, id, status, pid, absolute(bundle), annotations);
    }

    private static Path absolute(String bundle) throws HookException {
        Path path;
        try {
            path = Path.of(bundle);
        } catch (InvalidPathException failure) {
            throw new HookException(NAME + ": \"bundle\" is \"" + bundle + "\", which is no path: " + failure.getReason() + "; " + REMEDY, failure);
        }
        if (!path.isAbsolute()) {
            throw new HookException(NAME + ": \"bundle\" is \"" + bundle + "\" and must be an absolute path; " + REMEDY);
        }
        return path;
    }

    /**
     * The pid where there must be one, as at createRuntime.
     *
     * @throws HookException if the runtime gave none: then it calls the hook at a stage without a process
     */
    public long requirePid() throws HookException {
        if (pid == 0) {
            throw new HookException(NAME + " has no \"pid\" for container " + id
                    + ", so its cgroup cannot be found; configure the hook for the stage createRuntime, where there is one");
        }
        return pid;
    }
}
