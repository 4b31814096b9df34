package io.bpfguard.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.bpf.routing.ContainerState;
import io.bpfguard.bpf.routing.InForce;
import io.bpfguard.bpf.routing.KeyedRoute;
import io.bpfguard.bpf.routing.Routing;
import io.bpfguard.cgroup.Cgroups;
import io.bpfguard.metrics.Metrics;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.NodeCapabilities;
import io.bpfguard.policy.check.RecordedKernel;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.read.PolicyReader;
import io.bpfguard.state.PolicyFile;
import io.bpfguard.state.StoredContainers;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent's side of OCI hooks, over its real socket; the launcher's side is tested in its module, both together in guests. */
class HookServerTest {
    private static final int NAMESPACE = 0xf0000002;

    @TempDir
    private Path directory;

    private final Slots slots = new Slots();
    private Cgroups cgroups;
    private Enforcement enforcement;
    private StoredContainers stored;
    private HookServer server;

    @BeforeEach
    void start() throws Exception {
        cgroups = new Cgroups(Files.createDirectory(directory.resolve("cgroup")), Files.createDirectory(directory.resolve("proc")));
        process("self", "/runtime");
        stored = new StoredContainers(directory.resolve("containers"));
        enforcement = new Enforcement(slots, cgroups, new PolicyFile(directory.resolve("policies")), stored);
        server = HookServer.start(socket(), enforcement, stored, cgroups, new Metrics("test"));
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private void policies() throws Exception {
        String yaml = """
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
                """;
        NodeCapabilities kernel = RecordedKernel.of("6.12");
        enforcement.switchTo(Checker.check(PolicyReader.read("t.yaml", yaml.getBytes(StandardCharsets.UTF_8)), kernel), kernel);
    }

    private Path socket() {
        return directory.resolve("run/hook.sock");
    }

    private void process(String process, String cgroup) throws IOException {
        Files.writeString(Files.createDirectories(cgroups.proc().resolve(process)).resolve("cgroup"), "0::" + cgroup + "\n");
    }

    /** The state of a container that a runtime is creating. */
    private String state(int number, String annotations) throws IOException {
        process(Integer.toString(number), "/made/c" + number);
        Files.createDirectories(cgroups.root().resolve("made/c" + number));
        Path bundle = Files.createDirectories(directory.resolve("bundles/c" + number));
        Files.writeString(bundle.resolve("config.json"), "{\"annotations\": {" + annotations + "}, \"linux\": {\"cgroupsPath\": \"/made/c" + number + "\"}}");
        return "{\"id\": \"c" + number + "\", \"pid\": " + number + ", \"bundle\": \"" + bundle + "\"}";
    }

    private static String prod() {
        return "\"bpfguard.io/namespace\": \"prod\"";
    }

    private String ask(String stage, String state) throws IOException {
        byte[] body = state.getBytes(StandardCharsets.UTF_8);
        return raw("bpfguard-hook 1 " + stage + " 1000 " + Integer.toUnsignedString(NAMESPACE) + " " + body.length + "\n" + state);
    }

    /** All that is answered until the end. */
    private String raw(String request) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
            return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void takesAContainerIn() throws Exception {
        policies();
        assertThat(ask("createRuntime", state(11, prod()))).isEqualTo("yes\n");
        Slots.Entry entry = slots.only();
        assertThat(entry.name()).isEqualTo("c11");
        assertThat(entry.running()).isFalse();
        assertThat(entry.namespace()).isEqualTo(NAMESPACE);
        assertThat(entry.route().route().chains()).isNotEmpty();
        assertThat(entry.cgroup()).isEqualTo(Files.getAttribute(cgroups.root().resolve("made/c11"), "unix:ino"));
        assertThat(stored.find("c11")).hasValueSatisfying(container -> assertThat(container.cgroupId()).isEqualTo(entry.cgroup()));
        assertThat(enforcement.member(1)).hasValueSatisfying(member -> assertThat(member.facts().namespace()).isEqualTo("prod"));
        assertThat(enforcement.member(1, entry.cgroup())).isPresent();
        assertThat(enforcement.member(1, entry.cgroup() + 1)).as("the container that had the slot before").isEmpty();
    }

    @Test
    void aSwitchReachesItAndOneTakenInByAHookAlone() throws Exception {
        policies();
        ask("createRuntime", state(11, prod()));
        // As the hook does it when this agent does not answer.
        ask("createRuntime", state(12, ""));
        enforcement = new Enforcement(slots, cgroups, new PolicyFile(directory.resolve("policies")), stored);
        slots.entries.values().forEach(entry -> assertThat(entry.generation()).isEqualTo(1));
        policies();
        assertThat(slots.entries.values()).hasSize(2).allSatisfy(entry -> assertThat(entry.generation()).isEqualTo(2));
        assertThat(enforcement.member(1)).isPresent();
        assertThat(enforcement.member(2)).isPresent();
    }

    @Test
    void oneContainerHasOneRoute() throws Exception {
        policies();
        assertThat(ask("createRuntime", state(11, prod()))).isEqualTo("yes\n");
        KeyedRoute first = slots.only().route();
        assertThat(ask("createRuntime", state(11, ""))).isEqualTo("yes\n");
        assertThat(slots.only().route()).isEqualTo(first);
    }

    @Test
    void refusesWithTheReason() throws Exception {
        assertThat(ask("createRuntime", state(11, prod()))).startsWith("no ").contains("no valid policies yet").endsWith("\n");
        policies();
        assertThat(ask("createRuntime", "{")).startsWith("no ").contains("state");
        assertThat(ask("createRuntime", state(11, "\"bpfguard.io/labels\": \"=\""))).startsWith("no ").contains("bpfguard.io/labels");
        assertThat(ask("createRuntime", state(11, "\"io.kubernetes.cri.container-type\": \"container\", \"io.kubernetes.cri.sandbox-namespace\": \"labelled\","
                + " \"io.kubernetes.cri.sandbox-id\": \"s\", \"io.kubernetes.cri.sandbox-name\": \"p\", \"io.kubernetes.cri.sandbox-uid\": \"u\","
                + " \"io.kubernetes.cri.container-name\": \"c\""))).startsWith("no ").contains("by-label selects");
        assertThat(ask("createRuntime", state(11, "\"io.kubernetes.cri.container-type\": \"sandbox\", \"io.kubernetes.cri.sandbox-namespace\": \"x\""))).startsWith("no ")
                .contains("sandbox of a pod");
        slots.broken = true;
        assertThat(ask("createRuntime", state(11, prod()))).startsWith("no ").contains("internal error", "broken").hasLineCount(1);
        assertThat(ask("startContainer", state(11, prod()))).startsWith("no ").contains("startContainer");
        assertThat(slots.entries).isEmpty();
        assertThat(stored.find("c11")).isEmpty();
    }

    @Test
    void answersNothingToWhatIsNoRequest() throws Exception {
        policies();
        for (String request : List.of("GET / HTTP/1.1\n", "bpfguard-hook 2 createRuntime 1 1 2\n{}", "bpfguard-hook 1 createRuntime 1 1 x\n{}",
                "bpfguard-hook 1 createRuntime 1 1 -1\n", "bpfguard-hook 1 createRuntime 1 1 99999999999\n", "bpfguard-hook 1 createRuntime 1 1 20000000\n",
                "x".repeat(10_000))) {
            assertThat(answerOrReset(request)).as(request).isEmpty();
        }
        assertThat(slots.entries).isEmpty();
        assertThat(ask("createRuntime", state(11, prod()))).isEqualTo("yes\n");
    }

    private String answerOrReset(String request) {
        try {
            return raw(request);
        } catch (IOException reset) {
            return "";
        }
    }

    /** The hook has gone on without the agent: doing it twice could only undo what it did. */
    @Test
    void doesNothingForALauncherThatHasGone() throws Exception {
        policies();
        String state = state(11, prod());
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
            channel.write(ByteBuffer.wrap(("bpfguard-hook 1 createRuntime 1000 1 " + state.length() + "\n" + state.substring(1)).getBytes(StandardCharsets.UTF_8)));
        }
        slots.gate = new CountDownLatch(1);
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
            channel.write(ByteBuffer.wrap(("bpfguard-hook 1 createRuntime 1000 1 " + state.length() + "\n" + state).getBytes(StandardCharsets.UTF_8)));
            channel.shutdownOutput();
            slots.gate.countDown();
            assertThat(new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8)).startsWith("no ").contains("gave the agent up");
        }
        assertThat(ask("createRuntime", state(12, prod()))).isEqualTo("yes\n");
        // What the agent may have written down of the other is the hook's by now.
        assertThat(slots.only().name()).isEqualTo("c12");
    }

    @Test
    void manyAtOnce() throws Exception {
        policies();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<String>> hooks = IntStream.range(100, 160).<Callable<String>>mapToObj(i -> {
                String state = created(i);
                return () -> ask("createRuntime", state);
            }).toList();
            for (var hook : threads.invokeAll(hooks)) {
                assertThat(hook.get()).isEqualTo("yes\n");
            }
        }
        assertThat(slots.entries).hasSize(60);
        for (int i = 100; i < 160; i++) {
            assertThat(ask("poststop", "{\"id\": \"c" + i + "\", \"bundle\": \"/gone\"}")).isEqualTo("yes\n");
        }
        assertThat(stored.all(damaged -> { })).isEmpty();
    }

    private String created(int number) {
        try {
            return state(number, prod());
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    @Test
    void onlyRootReachesTheSocket() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket()))).isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket().getParent()))).isEqualTo("rwx------");
        server.close();
        assertThat(socket()).doesNotExist();
        // One that a killed agent left.
        Files.createFile(socket());
        server = HookServer.start(socket(), enforcement, stored, cgroups, new Metrics("test"));
        policies();
        assertThat(ask("createRuntime", state(11, prod()))).isEqualTo("yes\n");
    }

    /** Stands for the kernel's maps. */
    static final class Slots implements Routing {
        private record Entry(String name, long cgroup, boolean running, int namespace, KeyedRoute route, int generation) {}

        private final Map<Integer, Entry> entries = new HashMap<>();
        private Optional<InForce> inForce = Optional.empty();
        private boolean broken;
        private CountDownLatch gate = new CountDownLatch(0);

        Entry only() {
            assertThat(entries).hasSize(1);
            return entries.values().iterator().next();
        }

        @Override
        public int adoptedGeneration() {
            return inForce.map(InForce::generation).orElse(0);
        }

        @Override
        public synchronized <T, E extends Exception> T exclusively(Change<T, E> change) throws E {
            return change.make();
        }

        @Override
        public Optional<InForce> inForce() {
            return inForce;
        }

        @Override
        public void prepare(Collection<Route> routes) {}

        @Override
        public int expect(String name, KeyedRoute route, int generation) {
            throw new AssertionError("no runtime's event");
        }

        @Override
        public synchronized int assign(String name, long cgroupId, boolean running, int runtimeMountNamespace, KeyedRoute route, int generation) {
            if (broken) {
                throw new IllegalStateException("the maps are\nbroken");
            }
            int slot = slot(cgroupId).orElse(entries.size() + 1);
            entries.put(slot, new Entry(name, cgroupId, running, runtimeMountNamespace, route, generation));
            return slot;
        }

        @Override
        public void forget(String name) {}

        @Override
        public synchronized void switchRoutes(Map<Integer, KeyedRoute> routesBySlot, InForce policies) {
            routesBySlot.forEach((slot, route) -> entries.computeIfPresent(slot, (_, entry) -> new Entry(entry.name, entry.cgroup, entry.running,
                    entry.namespace, route, policies.generation())));
            inForce = Optional.of(policies);
        }

        @Override
        public synchronized OptionalInt slot(long cgroupId) {
            try {
                gate.await();
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
            return entries.entrySet().stream().filter(entry -> entry.getValue().cgroup == cgroupId).mapToInt(Map.Entry::getKey).findFirst();
        }

        @Override
        public List<ContainerState> containers() {
            return List.of();
        }

        @Override
        public Set<Integer> ended() {
            return Set.of();
        }

        @Override
        public void free(Set<Integer> ended) {}

        @Override
        public Map<Integer, String> hooks() {
            return Map.of();
        }
    }
}
