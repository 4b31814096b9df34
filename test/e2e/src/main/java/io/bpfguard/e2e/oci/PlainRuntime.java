package io.bpfguard.e2e.oci;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.bpfguard.e2e.node.Host;
import io.bpfguard.e2e.node.Layout;
import io.bpfguard.e2e.node.Shell;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** runc or crun by itself: a bundle directory, and hooks in its configuration where it is to have them. */
public final class PlainRuntime implements OciTool {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String command;
    private final Layout layout;
    private final Path work;
    private Hooks hooks = Hooks.NONE;

    /**
     * The hooks of containers to come.
     *
     * @param launcher with its options; empty for none
     * @param seconds after which the runtime kills it
     */
    public record Hooks(List<String> launcher, int seconds) {
        public static final Hooks NONE = new Hooks(List.of(), 0);
    }

    /** @param command {@code runc} or {@code crun} */
    public PlainRuntime(String command, Layout layout) {
        this.command = command;
        this.layout = layout;
        this.work = layout.work().resolve("oci-" + command);
    }

    public void hooks(Hooks next) {
        hooks = next;
    }

    @Override
    public String version() {
        return Shell.must(command, "--version").lines().findFirst().orElse(command);
    }

    @Override
    public String name() {
        return command;
    }

    @Override
    public Shell.Result run(String id, Map<String, String> annotations, String... workload) {
        bundle(id, annotations, workload);
        return Shell.run(with("run", "--bundle", directory(id).toString(), id));
    }

    @Override
    public Shell.Result stay(String id, Map<String, String> annotations) {
        bundle(id, annotations, "/bin/busybox", "sleep", "1000000");
        Path log = directory(id).resolve("log");
        // Its outputs must not be ours: we read them to their end.
        var result = Shell.run(Stream.concat(Stream.of("/bin/sh", "-c", "exec \"$0\" \"$@\" </dev/null >\"$LOG\" 2>&1".replace("$LOG", log.toString())),
                Stream.of(with("run", "--detach", "--bundle", directory(id).toString(), id))).toArray(String[]::new));
        return new Shell.Result(result.status(), read(log));
    }

    @Override
    public Shell.Result exec(String id, String... workload) {
        return Shell.run(with(Stream.concat(Stream.of("exec", id), Stream.of(workload)).toArray(String[]::new)));
    }

    @Override
    public void end(String id) {
        Shell.run(with("delete", "--force", id));
    }

    @Override
    public boolean knows(String id) {
        return Shell.run(with("state", id)).ok();
    }

    private String[] with(String... arguments) {
        var driver = Host.runsSystemd() ? Stream.of("--systemd-cgroup") : Stream.<String>empty();
        return Stream.of(Stream.of(command, "--root", work.resolve("run").toString()), driver, Stream.of(arguments)).flatMap(part -> part).toArray(String[]::new);
    }

    private Path directory(String id) {
        return work.resolve("bundles").resolve(id);
    }

    private void bundle(String id, Map<String, String> annotations, String... workload) {
        try {
            Path bundle = directory(id);
            Files.createDirectories(bundle.resolve("rootfs/bin"));
            for (String name : List.of("proc", "sys", "dev", "probes", "shared")) {
                Files.createDirectories(bundle.resolve("rootfs").resolve(name));
            }
            Path busybox = bundle.resolve("rootfs/bin/busybox");
            if (!Files.exists(busybox)) {
                Files.copy(Path.of("/bin/busybox"), busybox);
            }
            Files.deleteIfExists(bundle.resolve("config.json"));
            Shell.must("/bin/sh", "-c", "cd " + bundle + " && " + command + " spec");
            ObjectNode spec = (ObjectNode) JSON.readTree(bundle.resolve("config.json").toFile());
            ObjectNode process = (ObjectNode) spec.get("process");
            process.put("terminal", false);
            ArrayNode arguments = process.putArray("args");
            Stream.of(workload).forEach(arguments::add);
            ((ObjectNode) spec.get("root")).put("readonly", false);
            bind((ArrayNode) spec.get("mounts"), layout.probes(), "/probes", "ro");
            bind((ArrayNode) spec.get("mounts"), layout.shared(), "/shared", "rw");
            ObjectNode notes = spec.putObject("annotations");
            annotations.forEach(notes::put);
            ((ObjectNode) spec.get("linux")).put("cgroupsPath", Host.runsSystemd() ? "system.slice:byhand:" + id : "/by-hand/" + id);
            if (!hooks.launcher().isEmpty()) {
                ObjectNode all = spec.putObject("hooks");
                hook(all.putArray("createRuntime").addObject(), "createRuntime");
                hook(all.putArray("poststop").addObject(), "poststop");
            }
            JSON.writeValue(bundle.resolve("config.json").toFile(), spec);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void bind(ArrayNode mounts, Path source, String target, String mode) {
        ObjectNode mount = mounts.addObject();
        mount.put("destination", target).put("type", "bind").put("source", source.toString());
        mount.putArray("options").add("rbind").add(mode);
    }

    private void hook(ObjectNode hook, String stage) {
        hook.put("path", hooks.launcher().getFirst()).put("timeout", hooks.seconds());
        ArrayNode arguments = hook.putArray("args");
        hooks.launcher().forEach(arguments::add);
        arguments.add(stage);
        hook.putArray("env").add("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
