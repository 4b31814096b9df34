package io.bpfguard.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.FakeNode;
import io.bpfguard.policy.Policies;
import io.bpfguard.policy.check.CheckedPolicies;
import io.bpfguard.policy.check.Checker;
import io.bpfguard.policy.check.ProgramFile;
import io.bpfguard.policy.check.ProgramFile.Place;
import io.bpfguard.policy.compiled.FunctionProgram;
import io.bpfguard.policy.compiled.KernelFunction;
import io.bpfguard.policy.compiled.Route;
import io.bpfguard.policy.model.ContainerPolicy;
import io.bpfguard.policy.model.PolicySet;
import io.bpfguard.policy.read.PolicyReader;
import io.bpfguard.policy.select.ContainerFacts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The file that processes work from that read no policies: what comes out of it is what the policies say, or it is refused. */
class CompiledPoliciesTest {
    private static final int SUBSETS = 60;
    private static final int MUTATIONS = 20_000;

    private static FakeNode node;
    private static Compiler compiler;
    private static CheckedPolicies checked;

    private static ProgramFile program(String name, Place place, String target) {
        return new ProgramFile(name, name.getBytes(StandardCharsets.UTF_8), place, target, List.of());
    }

    /** The library, and what it has nothing of: between them every kind of hook point, subject, token and selector. */
    @BeforeAll
    static void compile() throws Exception {
        node = FakeNode.debian13().with(program("open.bpf.o", Place.LSM, "file_open")).with(program("watch.bpf.o", Place.FENTRY, "path_mount"));
        List<ContainerPolicy> policies = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of("library"))) {
            for (Path file : files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList()) {
                policies.addAll(PolicyReader.read(file.toString(), Files.readAllBytes(file)).policies());
            }
        }
        policies.addAll(Policies.read(Policies.document("selecting", """
                selector:
                  namespaces: ["team-*", "prod{1,2}"]
                  podLabels: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: NotIn, values: [db, cache]}, {key: x, operator: Exists}, {key: "y", operator: DoesNotExist}]}
                  containers: ["w?b"]
                  kinds: [workload, init]
                  images: ["docker.io/**"]
                files: [{action: deny, paths: ["/a/**/b", "/c/[x-z]*"], operations: [read]}]
                """) + Policies.document("programs", "programs: [{action: deny, object: open.bpf.o}, {action: kill, object: watch.bpf.o}]")
                + Policies.document("conditions", """
                        systemCalls: [{action: deny, names: [setns], conditions: [{argument: 1, mask: CLONE_NEWNS}], errno: EACCES}, {action: deny, names: [bpf]}]
                        signals: [{action: deny, signals: [KILL], targets: [outside]}]
                        tracing: [{action: deny}]
                        kernelFunctions: [{action: kill, names: [path_mount]}]
                        """)).policies());
        checked = Checker.check(new PolicySet(policies), node);
        compiler = new Compiler(checked, node);
    }

    private static CompiledPolicies again() throws StateFileException {
        return CompiledPolicies.read(bytes(compiler.compiled()));
    }

    private static byte[] bytes(CompiledPolicies policies) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            policies.writeTo(bytes);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    private static ContainerFacts container(String namespace, Map<String, String> labels, String name, String image) {
        return new ContainerFacts(namespace, "pod", "uid", labels, Map.of(), name, Optional.of(image), "id");
    }

    @Test
    void theFileGivesTheSameRoutes() throws Exception {
        CompiledPolicies read = again();
        List<ContainerPolicy> all = checked.policies();
        Random random = new Random(7);
        for (int i = 0; i < SUBSETS; i++) {
            List<ContainerPolicy> some = i < all.size() ? List.of(all.get(i)) : all.stream().filter(_ -> random.nextInt(6) == 0).toList();
            Set<String> names = some.stream().map(policy -> policy.name().value()).collect(Collectors.toSet());
            Route expected = compiler.route(some);
            assertThat(read.route(names)).as(names.toString()).isEqualTo(expected);
            assertThat(read.route(names)).isSameAs(read.route(Set.copyOf(names)));
            assertThat(read.routeKey(names)).hasSize(32).isEqualTo(compiler.compiled().routeKey(names));
        }
        assertThat(read.route(Set.of("programs")).chains().keySet()).anySatisfy(point -> assertThat(point).isInstanceOf(FunctionProgram.class));
        assertThat(read.route(Set.of("conditions")).chains().keySet()).anySatisfy(point -> assertThat(point).isInstanceOf(KernelFunction.class));
        assertThat(read.route(Set.of())).isEqualTo(Route.EMPTY);
        assertThatThrownBy(() -> read.route(Set.of("unknown"))).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("unknown");
    }

    @Test
    void writtenAgainItIsTheSame() throws Exception {
        assertThat(bytes(again())).isEqualTo(bytes(compiler.compiled()));
        assertThat(again().digest()).isEqualTo(compiler.compiled().digest());
        assertThat(bytes(new Compiler(checked, node).compiled())).isEqualTo(bytes(compiler.compiled()));
        assertThat(again().names()).isEqualTo(checked.policies().stream().map(policy -> policy.name().value()).collect(Collectors.toSet()));
    }

    @Test
    void keysTellSetsAndPoliciesApart() throws Exception {
        CompiledPolicies read = again();
        assertThat(read.routeKey(List.of("a", "b"))).isEqualTo(read.routeKey(List.of("b", "a")))
                .isNotEqualTo(read.routeKey(List.of("ab"))).isNotEqualTo(read.routeKey(List.of("a"))).startsWith(Arrays.copyOf(read.digest(), 8));
        CompiledPolicies other = new Compiler(Policies.check(Policies.document("a", "files: [{action: deny, paths: [/x]}]")), FakeNode.debian13()).compiled();
        CompiledPolicies another = new Compiler(Policies.check(Policies.document("a", "files: [{action: deny, paths: [/y]}]")), FakeNode.debian13()).compiled();
        assertThat(other.routeKey(List.of("a"))).isNotEqualTo(another.routeKey(List.of("a")));
    }

    @Test
    void theFileSelectsAsThePoliciesDo() throws Exception {
        CompiledPolicies read = again();
        List<ContainerFacts> containers = List.of(
                container("team-a", Map.of("app", "web", "x", ""), "web", "docker.io/a/b"),
                container("team-a", Map.of("app", "web", "x", "", "tier", "db"), "web", "docker.io/a/b"),
                container("prod2", Map.of("app", "web", "x", "1", "tier", "front"), "wib", "docker.io/a"),
                container("prod2", Map.of("app", "web", "x", "1", "y", ""), "wib", "docker.io/a"),
                container("prod3", Map.of("app", "web", "x", ""), "web", "docker.io/a"),
                container("team-a", Map.of("app", "web", "x", ""), "web", "quay.io/a"),
                container("", Map.of(), "", ""));
        for (ContainerFacts container : containers) {
            assertThat(read.select(container)).as(container.toString()).isEqualTo(
                    io.bpfguard.policy.select.Selector.select(checked, container).stream().map(policy -> policy.name().value()).collect(Collectors.toSet()));
        }
        assertThat(containers.stream().map(container -> read.select(container).contains("selecting"))).containsExactly(true, false, true, false, false, false, false);
    }

    @Test
    void saysWhichPoliciesLabelsDecide() throws Exception {
        CompiledPolicies read = again();
        assertThat(read.decidedByLabels(container("team-a", Map.of(), "web", "docker.io/a"))).contains("selecting");
        assertThat(read.decidedByLabels(container("team-a", Map.of(), "db", "docker.io/a"))).doesNotContain("selecting");
        assertThat(read.decidedByLabels(container("team-a", Map.of(), "web", "docker.io/a"))).doesNotContain("programs", "conditions");
    }

    @Test
    void refusesAFileThatIsCut() {
        byte[] whole = bytes(compiler.compiled());
        Random random = new Random(3);
        for (int i = 0; i < 2000; i++) {
            int length = i < 500 ? i : random.nextInt(whole.length);
            assertThatThrownBy(() -> read(Arrays.copyOf(whole, length))).isInstanceOf(StateFileException.class);
        }
        assertThatThrownBy(() -> read(Arrays.copyOf(whole, whole.length + 1))).isInstanceOf(StateFileException.class).hasMessageContaining("behind its end");
        assertThatThrownBy(() -> read("BPFGuard compiled policies 9\n".getBytes(StandardCharsets.US_ASCII))).isInstanceOf(StateFileException.class)
                .hasMessageContaining("of another version");
    }

    private static void read(byte[] file) throws StateFileException {
        CompiledPolicies read = CompiledPolicies.read(file);
        try {
            read.route(Set.of());
        } catch (io.bpfguard.policy.model.PolicyException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** The digest tells; but the reader itself must not do worse than refuse. */
    @Test
    void survivesChangedBytes() {
        byte[] whole = bytes(compiler.compiled());
        Random random = new Random(11);
        int refused = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] changed = whole.clone();
            for (int times = random.nextInt(3); times >= 0; times--) {
                changed[random.nextInt(changed.length)] = (byte) (random.nextBoolean() ? random.nextInt() : random.nextInt(4) - 1);
            }
            try {
                read(changed);
            } catch (StateFileException told) {
                refused++;
                assertThat(told).hasMessageMatching("(?s).*(is damaged before byte|ends at byte|has .* bytes behind|does not begin).*");
            }
        }
        assertThat(refused).isGreaterThan(MUTATIONS / 100);
    }
}
