package io.bpfguard.hook;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.bpf.libbpf.BpfMap;
import io.bpfguard.bpf.libbpf.DirectoryLock;
import io.bpfguard.bpf.routing.ContainerState;
import io.bpfguard.bpf.routing.InForce;
import io.bpfguard.bpf.routing.PinnedMaps;
import io.bpfguard.cgroup.Cgroups;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.check.RecordedKernel;
import io.bpfguard.policy.compile.CompiledPolicies;
import io.bpfguard.policy.compile.Compiler;
import io.bpfguard.policy.read.PolicyReader;
import io.bpfguard.state.PolicyFile;
import io.bpfguard.state.StoredContainer;
import io.bpfguard.state.StoredContainers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The hook without an agent, from the runtime's state to the maps of the running kernel; what takes the kernel's programs is tested in guests. */
class MainTest {
    private static final int PID = 4711;
    private static final int ROUTE = 5;
    private static final int GENERATION = 3;
    private static final String NAMESPACE = "4026531841";

    @TempDir
    private Path directory;

    private PinnedMaps maps;
    private Cgroups cgroups;
    private CompiledPolicies policies;
    private InForce inForce;

    @BeforeEach
    void node() throws Exception {
        maps = PinnedMaps.create(16);
        cgroups = new Cgroups(Files.createDirectory(directory.resolve("cgroup")), Files.createDirectory(directory.resolve("proc")));
        process("self", "/runtime");
        process(Integer.toString(PID), "/machine/libpod-a");
        Files.createDirectories(cgroups.root().resolve("machine/libpod-a"));
        policies = compiled("""
                apiVersion: bpfguard.io/v1
                kind: ContainerPolicy
                metadata: {name: by-namespace}
                spec:
                  selector: {namespaces: [prod]}
                  files: [{action: deny, paths: [/x]}]
                ---
                apiVersion: bpfguard.io/v1
                kind: ContainerPolicy
                metadata: {name: by-label}
                spec:
                  selector: {namespaces: [labelled], podLabels: {matchLabels: {app: web}}}
                  files: [{action: deny, paths: [/y]}]
                """);
        inForce = new InForce(policies.digest(), GENERATION);
        new PolicyFile(run().resolve("policies")).write(policies, inForce);
        maps.putInForce(inForce);
        maps.putRoute(policies.routeKey(List.of("by-namespace")), ROUTE);
        maps.putRoute(policies.routeKey(List.of()), 0);
    }

    @AfterEach
    void unmount() {
        if (maps != null) {
            maps.close();
        }
    }

    private static CompiledPolicies compiled(String yaml) throws Exception {
        NodeCapabilities kernel = RecordedKernel.of("6.12");
        return new Compiler(Checker.check(PolicyReader.read("t.yaml", yaml.getBytes(StandardCharsets.UTF_8)), kernel), kernel).compiled();
    }

    private Path run() {
        return directory.resolve("run");
    }

    private void process(String process, String cgroup) throws IOException {
        Files.writeString(Files.createDirectories(cgroups.proc().resolve(process)).resolve("cgroup"), "0::" + cgroup + "\n");
    }

    private Path bundle(String annotations) throws IOException {
        return Bundles.write(directory.resolve("bundle"), "{\"annotations\": {" + annotations + "}, \"linux\": {\"cgroupsPath\": \"/machine/libpod-a\"}}");
    }

    private record Outcome(int status, String err) {
        void isYes() {
            assertThat(this).isEqualTo(new Outcome(0, ""));
        }

        void isNo(String... words) {
            assertThat(status).isEqualTo(1);
            assertThat(err).startsWith("bpfguard: ").endsWith("\n").contains(words);
            assertThat(err.lines()).hasSize(1);
        }
    }

    private Outcome hook(String stage, String state, String... more) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] arguments = Stream.concat(Stream.of(stage, "2000", NAMESPACE, run().toString(), maps.root().toString()), Stream.of(more)).toArray(String[]::new);
        int status = Main.run(arguments, Bundles.bytes(state), new PrintStream(err, true, StandardCharsets.UTF_8), cgroups);
        return new Outcome(status, err.toString(StandardCharsets.UTF_8));
    }

    private Outcome create(Path bundle) {
        return hook("createRuntime", "{\"id\": \"a\", \"pid\": " + PID + ", \"bundle\": \"" + bundle + "\"}");
    }

    private void nothingIsLeft() throws IOException {
        assertThat(maps.containers()).isEmpty();
        assertThat(stored().all(damaged -> { })).isEmpty();
        if (Files.exists(run().resolve("containers"))) {
            try (Stream<Path> files = Files.list(run().resolve("containers"))) {
                assertThat(files).isEmpty();
            }
        }
    }

    private StoredContainers stored() {
        return new StoredContainers(run().resolve("containers"));
    }

    @Test
    void givesAContainerItsRoute() throws Exception {
        create(bundle("\"bpfguard.io/namespace\": \"prod\", \"bpfguard.io/image\": \"docker.io/a\"")).isYes();
        ContainerState container = maps.containers().getFirst();
        assertThat(container.name()).isEqualTo("libpod-a");
        assertThat(container.route()).isEqualTo(ROUTE);
        assertThat(container.generation()).isEqualTo(GENERATION);
        assertThat(Integer.toUnsignedString(container.runtimeMountNamespace())).isEqualTo(NAMESPACE);
        assertThat(container.cgroupId()).isEqualTo(Files.getAttribute(cgroups.root().resolve("machine/libpod-a"), "unix:ino"));
        StoredContainer written = stored().find("a").orElseThrow();
        assertThat(written.cgroupId()).isEqualTo(container.cgroupId());
        assertThat(written.cgroup()).isEqualTo("libpod-a");
        assertThat(written.facts().namespace()).isEqualTo("prod");
        assertThat(written.facts().image()).contains("docker.io/a");
    }

    @Test
    void aContainerWithoutPoliciesIsLetInAndWrittenDown() throws Exception {
        create(bundle("")).isYes();
        assertThat(maps.containers()).singleElement().satisfies(container -> assertThat(container.route()).isZero());
        assertThat(stored().find("a")).isPresent();
    }

    @Test
    void oneThatTheAgentKnowsKeepsItsRoute() throws Exception {
        Path bundle = bundle("\"bpfguard.io/namespace\": \"prod\"");
        create(bundle).isYes();
        Files.writeString(bundle.resolve("config.json"), "{\"annotations\": {}, \"linux\": {\"cgroupsPath\": \"/machine/libpod-a\"}}");
        create(bundle).isYes();
        assertThat(maps.containers()).singleElement().satisfies(container -> assertThat(container.route()).isEqualTo(ROUTE));
    }

    @Test
    void refusesWhereLabelsDecideAndAreUnknown() throws Exception {
        String containerd = "\"io.kubernetes.cri.container-type\": \"container\", \"io.kubernetes.cri.sandbox-id\": \"s\", \"io.kubernetes.cri.sandbox-name\": \"p\","
                + " \"io.kubernetes.cri.sandbox-uid\": \"u\", \"io.kubernetes.cri.container-name\": \"c\", \"io.kubernetes.cri.sandbox-namespace\": ";
        create(bundle(containerd + "\"labelled\"")).isNo("by-label selects", "bpfguard.io/labels", "NRI plugin");
        nothingIsLeft();
        create(bundle(containerd + "\"prod\"")).isYes();
        assertThat(maps.containers()).singleElement().satisfies(container -> assertThat(container.route()).isEqualTo(ROUTE));
    }

    /** An image on Podman can write such annotations, and must not get out of every policy by them. */
    @Test
    void refusesWhatPosesAsAPodsSandbox() throws Exception {
        create(bundle("\"io.kubernetes.cri.container-type\": \"sandbox\", \"io.kubernetes.cri.sandbox-id\": \"s\", \"io.kubernetes.cri.sandbox-name\": \"p\","
                + " \"io.kubernetes.cri.sandbox-namespace\": \"prod\", \"io.kubernetes.cri.sandbox-uid\": \"u\"")).isNo("sandbox of a pod", "io.kubernetes.*");
        create(bundle("\"io.kubernetes.cri-o.ContainerType\": \"sandbox\", \"io.kubernetes.cri-o.Labels\": \"{}\", \"io.kubernetes.cri-o.Annotations\": \"{}\","
                + " \"io.kubernetes.pod.namespace\": \"other\"")).isNo("sandbox of a pod");
        nothingIsLeft();
    }

    @Test
    void refusesWithoutStateInTheKernel() throws Exception {
        maps.remove("build");
        create(bundle("")).isNo("the kernel holds no BPFGuard state", "bpfguard load");
        nothingIsLeft();
    }

    @Test
    void refusesStateOfAnotherVersion() throws Exception {
        maps.set("build", BpfMap.u32(0), new byte[32]);
        create(bundle("")).isNo("another version", "bpfguard uninstall");
        nothingIsLeft();
    }

    @Test
    void refusesWithoutPoliciesInForce() throws Exception {
        maps.set("in_force", BpfMap.u32(0), new byte[40]);
        create(bundle("")).isNo("no policies are in force", "bpfguard load");
        nothingIsLeft();
    }

    @Test
    void refusesAFileThatIsMissingTornOrOld() throws Exception {
        Path file = run().resolve("policies").resolve("policies-" + inForce.name());
        byte[] whole = Files.readAllBytes(file);
        Path bundle = bundle("\"bpfguard.io/namespace\": \"prod\"");
        for (int length : new int[] {0, 10, whole.length / 2, whole.length - 1}) {
            Files.write(file, Arrays.copyOf(whole, length));
            create(bundle).isNo(file.toString(), "bpfguard load");
            nothingIsLeft();
        }
        try (OutputStream old = Files.newOutputStream(file)) {
            compiled("apiVersion: bpfguard.io/v1\nkind: ContainerPolicy\nmetadata: {name: old}\nspec: {files: [{action: deny, paths: [/z]}]}\n").writeTo(old);
        }
        create(bundle).isNo("torn or was changed");
        nothingIsLeft();
        Files.delete(file);
        create(bundle).isNo("missing", file.toString());
        nothingIsLeft();
        Files.write(file, whole);
        create(bundle).isYes();
    }

    /** These maps have no room for a new route's tables: as on a node whose pins were meddled with. */
    @Test
    void refusesWhenARouteCannotBeMade() throws Exception {
        create(bundle("\"bpfguard.io/namespace\": \"labelled\", \"bpfguard.io/labels\": \"app=web\"")).isNo("bpfguard: ");
        nothingIsLeft();
    }

    @Test
    void refusesWhenTheLockIsHeld() throws Exception {
        try (DirectoryLock lock = DirectoryLock.open(maps.root())) {
            assertThat(lock.tryLock()).isTrue();
            create(bundle("")).isNo("another process has held the lock");
        }
        nothingIsLeft();
        create(bundle("")).isYes();
    }

    @Test
    void refusesWhenTheMapIsFull() throws Exception {
        for (int i = 1; i < 16; i++) {
            process(Integer.toString(PID), "/machine/c" + i);
            Files.createDirectories(cgroups.root().resolve("machine/c" + i));
            Path bundle = Bundles.write(directory.resolve("b" + i), "{\"linux\": {}}");
            hook("createRuntime", "{\"id\": \"c" + i + "\", \"pid\": " + PID + ", \"bundle\": \"" + bundle + "\"}").isYes();
        }
        process(Integer.toString(PID), "/machine/libpod-a");
        create(bundle("")).isNo("no free container slot");
        assertThat(maps.containers()).hasSize(15);
        assertThat(stored().find("a")).isEmpty();
    }

    @Test
    void refusesWhatCannotBeTold() throws Exception {
        create(directory.resolve("nowhere")).isNo("config.json");
        create(Bundles.write(directory.resolve("torn"), "{\"annotations\": {")).isNo("config.json");
        hook("createRuntime", "").isNo("state");
        hook("createRuntime", "{\"id\": \"a\", \"bundle\": \"" + bundle("") + "\"}").isNo("pid");
        hook("createRuntime", "{\"id\": \"a\", \"pid\": 99, \"bundle\": \"" + bundle("") + "\"}").isNo("process 99", "has ended");
        hook("createRuntime", "{\"id\": \"../a\", \"pid\": " + PID + ", \"bundle\": \"" + bundle("") + "\"}").isNo("../a");
        process(Integer.toString(PID), "/runtime");
        create(bundle("")).isNo("no cgroup of its own");
        nothingIsLeft();
    }

    /** A runtime kills a hook that takes too long. Whatever it was doing, the next one finds nothing in its way, and nothing is lost for good. */
    @Test
    void killedAtAnyPointItLeavesTheStateUsable() throws Exception {
        int times = Boolean.getBoolean("bpfguard.long") ? 200 : 20;
        Path bundle = bundle("\"bpfguard.io/namespace\": \"prod\"");
        long whole = run(bundle, Long.MAX_VALUE);
        assertThat(maps.containers()).hasSize(1);
        maps.endAll();
        Random random = new Random(5);
        int unfinished = 0;
        for (int i = 0; i < times; i++) {
            run(bundle, random.nextLong(whole));
            unfinished += maps.containers().isEmpty() ? 1 : 0;
            // Its cgroup may have an entry already; another container's is given as if nothing had been.
            process(Integer.toString(PID), "/machine/other");
            Files.createDirectories(cgroups.root().resolve("machine/other"));
            hook("createRuntime", "{\"id\": \"other\", \"pid\": " + PID + ", \"bundle\": \"" + Bundles.write(directory.resolve("other"), "{\"linux\": {}}") + "\"}").isYes();
            assertThat(maps.containers()).filteredOn(container -> container.name().equals("other")).singleElement()
                    .satisfies(container -> assertThat(container.route()).isZero());
            maps.endAll();
            assertThat(maps.containers()).isEmpty();
            process(Integer.toString(PID), "/machine/libpod-a");
        }
        assertThat(unfinished).as("runs that were cut off before the end").isPositive();
    }

    /** Runs the hook as a process of its own, for so many nanoseconds at most; how long it took. */
    private long run(Path bundle, long nanoseconds) throws Exception {
        Path state = Files.writeString(directory.resolve("state.json"), "{\"id\": \"a\", \"pid\": " + PID + ", \"bundle\": \"" + bundle + "\"}");
        long begin = System.nanoTime();
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin/java").toString(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), Main.class.getName(), "createRuntime", "20000", NAMESPACE,
                run().toString(), maps.root().toString(), cgroups.root().toString(), cgroups.proc().toString())
                .redirectInput(state.toFile()).redirectErrorStream(true).redirectOutput(directory.resolve("log").toFile()).start();
        if (!process.waitFor(nanoseconds, TimeUnit.NANOSECONDS)) {
            process.destroyForcibly().waitFor();
        } else {
            assertThat(process.exitValue()).as(Files.readString(directory.resolve("log"))).isZero();
        }
        return System.nanoTime() - begin;
    }

    @Test
    void aContainerThatEndedIsForgotten() throws Exception {
        create(bundle("")).isYes();
        // No state in the kernel is nothing to clean up.
        maps.remove("build");
        hook("poststop", "{\"id\": \"a\", \"status\": \"stopped\", \"bundle\": \"/gone\"}").isYes();
        assertThat(stored().find("a")).isEmpty();
        hook("poststop", "{\"id\": \"a\", \"bundle\": \"/gone\"}").isYes();
    }

    @Test
    void saysHowItIsUsed() {
        hook("prestart", "{}").isNo("prestart", "createRuntime", "poststop");
        hook("createRuntime", "{}", "more").isNo("6 arguments");
    }
}
