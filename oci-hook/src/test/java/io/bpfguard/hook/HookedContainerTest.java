package io.bpfguard.hook;

import static io.bpfguard.hook.Bundles.CRIO_CONTAINER;
import static io.bpfguard.hook.Bundles.CRIO_SANDBOX;
import static io.bpfguard.hook.Bundles.quoted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.policy.model.ContainerKind;
import io.bpfguard.policy.select.ContainerFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HookedContainerTest {
    private static final String UID = "0b8a4c0e-7e1f-4f0e-9d55-3c6a1b2f9e10";
    private static final Map<String, String> LABELS = Map.of("app", "web", "tier", "", "example.com/team", "shop", "io.kubernetes.pod.name", "web-0",
            "io.kubernetes.pod.namespace", "prod", "io.kubernetes.pod.uid", UID, "io.kubernetes.container.name", "POD");
    private static final Map<String, String> ANNOTATIONS = Map.of("bpfguard.io/init-containers", "migrate,wait-*", "kubernetes.io/config.seen", "2026-11-20T09:30:00Z",
            "kubernetes.io/config.source", "api", "note", "two\nlines \"quoted\"");

    @TempDir
    private Path directory;

    /** A CRI-O container with a sandbox beside it; the text of the annotations of both. */
    private HookedContainer crio(String container, String sandbox) throws IOException, HookException {
        Bundles.write(directory.resolve("sb/userdata"), "{\"annotations\": {" + sandbox + "}}");
        return Bundles.withAnnotations("c1", directory.resolve("c1/userdata"), "{\"io.container.manager\":\"cri-o\",\"io.kubernetes.cri-o.SandboxID\":\"sb\","
                + "\"io.kubernetes.cri-o.ContainerType\":\"container\"," + container + "}");
    }

    private static final String NAMES = "\"io.kubernetes.pod.namespace\":\"prod\",\"io.kubernetes.container.name\":\"app\"";
    private static final String POD = "\"io.kubernetes.cri-o.Labels\":\"{\\\"app\\\":\\\"web\\\"}\",\"io.kubernetes.cri-o.Annotations\":\"{}\"";

    @Test
    void crioContainer() throws HookException {
        HookedContainer hooked = Bundles.hooked(CRIO_CONTAINER, Bundles.crio(CRIO_CONTAINER));
        assertThat(hooked.facts()).isEqualTo(new ContainerFacts("prod", "web-0", UID, LABELS, ANNOTATIONS, "app", Optional.of("registry.example/web:1.4"), CRIO_CONTAINER));
        assertThat(hooked.sandbox()).isFalse();
        assertThat(hooked.labelsKnown()).isTrue();
        assertThat(hooked.cgroupsPath()).contains("kubepods-burstable-pod0b8a4c0e_7e1f_4f0e_9d55_3c6a1b2f9e10.slice:crio:" + CRIO_CONTAINER);
        assertThat(hooked.facts().kind()).isEqualTo(ContainerKind.WORKLOAD);
    }

    @Test
    void crioSandbox() throws HookException {
        HookedContainer hooked = Bundles.hooked(CRIO_SANDBOX, Bundles.crio(CRIO_SANDBOX));
        assertThat(hooked.facts()).isEqualTo(new ContainerFacts("prod", "web-0", UID, LABELS, ANNOTATIONS, "", Optional.of("registry.k8s.io/pause:3.10"), CRIO_SANDBOX));
        assertThat(hooked.sandbox()).isTrue();
        assertThat(hooked.labelsKnown()).isTrue();
    }

    @Test
    void crioOtherClientsThanTheKubelet() throws Exception {
        HookedContainer hooked = crio("\"io.kubernetes.cri-o.Metadata\":\"{\\\"attempt\\\":1,\\\"name\\\":\\\"app\\\"}\",\"io.kubernetes.cri-o.Image\":\"web:1\"",
                "\"io.kubernetes.cri-o.Namespace\":\"crictl\",\"io.kubernetes.cri-o.KubeName\":\"pod1\",\"io.kubernetes.cri-o.Labels\":\"null\",\"io.kubernetes.cri-o.Annotations\":\"null\"");
        assertThat(hooked.facts()).isEqualTo(new ContainerFacts("crictl", "pod1", "", Map.of(), Map.of(), "app", Optional.of("web:1"), "c1"));
    }

    @Test
    void crioPodAnnotationsChooseNoNamespace() throws Exception {
        // CRI-O copies the pod's annotations into the container, where it writes no Namespace itself.
        HookedContainer hooked = crio(NAMES + ",\"io.kubernetes.cri-o.Namespace\":\"other\",\"bpfguard.io/labels\":\"app=other\"",
                POD + ",\"io.kubernetes.pod.namespace\":\"prod\",\"io.kubernetes.cri-o.Namespace\":\"other\"");
        assertThat(hooked.facts().namespace()).isEqualTo("prod");
        assertThat(hooked.facts().containerName()).isEqualTo("app");
        assertThat(hooked.facts().podLabels()).isEqualTo(Map.of("app", "web"));
    }

    @Test
    void crioPodAnnotationsSayTheKind() throws Exception {
        HookedContainer hooked = crio(NAMES, "\"io.kubernetes.cri-o.Labels\":\"{}\",\"io.kubernetes.cri-o.Annotations\":\"{\\\"bpfguard.io/init-containers\\\":\\\"a*\\\"}\"");
        assertThat(hooked.facts().kind()).isEqualTo(ContainerKind.INIT);
    }

    @Test
    void crioWithoutItsSandboxIsRefused() throws IOException {
        assertThatThrownBy(() -> Bundles.withAnnotations("c1", directory.resolve("c1/userdata"), "{\"io.kubernetes.cri-o.SandboxID\":\"sb\",\"io.kubernetes.cri-o.ContainerType\":\"container\"," + NAMES + "}"))
                .isInstanceOf(HookException.class).hasMessageContaining("might miss a policy").hasMessageContaining(directory.resolve("sb/userdata/config.json") + " cannot be opened: there is no such file");
        assertThatThrownBy(() -> crio(NAMES, "")).isInstanceOf(HookException.class).hasMessageContaining("no annotation io.kubernetes.cri-o.Labels");
        assertThatThrownBy(() -> crio(NAMES, "\"io.kubernetes.cri-o.Labels\":\"{}\"")).isInstanceOf(HookException.class).hasMessageContaining("no annotation io.kubernetes.cri-o.Annotations");
        assertThatThrownBy(() -> crio(NAMES, "\"io.kubernetes.cri-o.Labels\":7")).isInstanceOf(HookException.class).hasMessageContaining("sb/userdata/config.json, line 1, column ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "../c1", "a/b", "/etc", "sb ", "sb\n", "s.b", "sb\0", "s\u00fc"})
    void crioSandboxIdMustBeAPlainName(String id) {
        assertThatThrownBy(() -> Bundles.withAnnotations("c1", directory.resolve("c1/userdata"),
                "{\"io.kubernetes.cri-o.SandboxID\":" + quoted(id) + ",\"io.kubernetes.cri-o.ContainerType\":\"container\"," + NAMES + "}"))
                .isInstanceOf(HookException.class).hasMessageContaining("must be a name of letters, digits, '-' and '_'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "[]", "{\\\"a\\\":1}", "{\\\"a\\\":{}}", "{\\\"a\\\":\\\"1\\\",\\\"a\\\":\\\"2\\\"}", "{} {}", ""})
    void crioLabelsThatAreNone(String labels) {
        assertThatThrownBy(() -> crio(NAMES, "\"io.kubernetes.cri-o.Labels\":\"" + labels + "\",\"io.kubernetes.cri-o.Annotations\":\"{}\"")).isInstanceOf(HookException.class)
                .hasMessageContaining("annotation io.kubernetes.cri-o.Labels of the sandbox of container c1, line 1, column ");
    }

    @Test
    void crioMissingNames() {
        assertThatThrownBy(() -> crio("\"io.kubernetes.container.name\":\"app\"", POD)).isInstanceOf(HookException.class).hasMessageContaining("no annotation io.kubernetes.pod.namespace");
        assertThatThrownBy(() -> crio("\"io.kubernetes.pod.namespace\":\"prod\"", POD)).isInstanceOf(HookException.class).hasMessageContaining("has no \"name\"");
        assertThatThrownBy(() -> crio(NAMES + ",\"io.kubernetes.pod.uid\":\"1\"", POD + ",\"io.kubernetes.pod.uid\":\"2\"")).isInstanceOf(HookException.class).hasMessageContaining("of another, \"2\"");
        assertThatThrownBy(() -> Bundles.withAnnotations("c1", directory, "{\"io.container.manager\":\"cri-o\"}")).isInstanceOf(HookException.class).hasMessageContaining("ContainerType");
        assertThatThrownBy(() -> Bundles.withAnnotations("c1", Path.of("/userdata"), "{\"io.container.manager\":\"cri-o\",\"io.kubernetes.cri-o.SandboxID\":\"sb\",\"io.kubernetes.cri-o.ContainerType\":\"container\"}"))
                .isInstanceOf(HookException.class).hasMessageContaining("is not .../ID/userdata");
    }

    @Test
    void containerdContainer() throws HookException {
        HookedContainer hooked = Bundles.hooked("t1", Bundles.bundle("containerd/container"));
        assertThat(hooked.facts()).isEqualTo(new ContainerFacts("prod", "web-0", UID, Map.of(), Map.of(), "app", Optional.of("registry.example/web:1.4"), "t1"));
        assertThat(hooked.sandbox()).isFalse();
        assertThat(hooked.labelsKnown()).isFalse();
        assertThat(hooked.cgroupsPath()).hasValueSatisfying(path -> assertThat(path).contains(".slice:cri-containerd:"));
    }

    @Test
    void containerdSandbox() throws HookException {
        HookedContainer hooked = Bundles.hooked("s1", Bundles.bundle("containerd/sandbox"));
        assertThat(hooked.facts()).isEqualTo(new ContainerFacts("prod", "web-0", UID, Map.of(), Map.of(), "", Optional.of("registry.k8s.io/pause:3.10"), "s1"));
        assertThat(hooked.sandbox()).isTrue();
        assertThat(hooked.labelsKnown()).isFalse();
    }

    private HookedContainer containerd(String more) throws HookException {
        return Bundles.withAnnotations("t1", directory, "{\"io.kubernetes.cri.container-type\":\"container\"" + more + "}");
    }

    private static final String CRI = ",\"io.kubernetes.cri.sandbox-namespace\":\"prod\",\"io.kubernetes.cri.container-name\":\"app\"";

    @Test
    void containerdPassesLabelsOn() throws HookException {
        HookedContainer hooked = containerd(CRI + ",\"bpfguard.io/labels\":\"app=web,tier=\",\"bpfguard.io/init-containers\":\"app\"");
        assertThat(hooked.labelsKnown()).isTrue();
        assertThat(hooked.facts().podLabels()).isEqualTo(Map.of("app", "web", "tier", ""));
        assertThat(hooked.facts().namespace()).isEqualTo("prod");
        assertThat(hooked.facts().containerName()).isEqualTo("app");
        assertThat(hooked.facts().kind()).isEqualTo(ContainerKind.INIT);
        assertThat(containerd(CRI + ",\"bpfguard.io/labels\":\"\"").labelsKnown()).isTrue();
        assertThatThrownBy(() -> containerd(CRI + ",\"bpfguard.io/labels\":\"app\"")).isInstanceOf(HookException.class).hasMessageContaining("character 1");
    }

    @Test
    void whatIsSaidOfAHostsContainerIsRefusedOfAPods() {
        for (String name : new String[] {"namespace", "pod", "container", "image"}) {
            String said = ",\"bpfguard.io/" + name + "\":\"other\"";
            assertThatThrownBy(() -> containerd(CRI + said)).isInstanceOf(HookException.class).hasMessageContaining("those of several runtimes").hasMessageContaining("bpfguard.io/*");
            assertThatThrownBy(() -> Bundles.withAnnotations("c1", directory, "{\"io.kubernetes.cri-o.ContainerType\":\"container\"" + said + "}"))
                    .isInstanceOf(HookException.class).hasMessageContaining("those of several runtimes");
        }
    }

    @Test
    void containerdMissingNames() throws HookException {
        assertThatThrownBy(() -> containerd("")).isInstanceOf(HookException.class).hasMessageContaining("no annotation io.kubernetes.cri.sandbox-namespace");
        assertThatThrownBy(() -> containerd(",\"io.kubernetes.cri.sandbox-namespace\":\"prod\"")).isInstanceOf(HookException.class).hasMessageContaining("no annotation io.kubernetes.cri.container-name");
        assertThatThrownBy(() -> Bundles.withAnnotations("t1", directory, "{\"io.kubernetes.cri.container-type\":\"pod\"}")).isInstanceOf(HookException.class).hasMessageContaining("\"pod\"");
        assertThat(containerd(CRI).facts()).isEqualTo(new ContainerFacts("prod", "", "", Map.of(), Map.of(), "app", Optional.empty(), "t1"));
    }

    @Test
    void podman() throws HookException {
        HookedContainer hooked = Bundles.hooked("p1", Bundles.bundle("podman"));
        assertThat(hooked.facts()).isEqualTo(new ContainerFacts("", "", "", Map.of("app", "db", "tier", ""),
                Map.of("bpfguard.io/container", "db", "bpfguard.io/labels", "app=db,tier="), "db", Optional.empty(), "p1"));
        assertThat(hooked.sandbox()).isFalse();
        assertThat(hooked.labelsKnown()).isTrue();
    }

    @Test
    void podmansSandboxIsJudgedAsAnyOther() throws HookException {
        assertThat(Bundles.withAnnotations("p1", directory, "{\"io.container.manager\":\"libpod\",\"io.kubernetes.cri-o.ContainerType\":\"sandbox\"}").sandbox()).isFalse();
    }

    @Test
    void runc() throws HookException {
        HookedContainer hooked = Bundles.hooked("r1", Bundles.bundle("runc"));
        assertThat(hooked).isEqualTo(new HookedContainer(new ContainerFacts("", "", "", Map.of(), Map.of(), "r1", Optional.empty(), "r1"), false, true, Optional.empty()));
    }

    @Test
    void runcsStateSaysWhatItsConfigurationDoesNot() throws HookException {
        Path bundle = Bundles.bundle("runc");
        RuntimeState state = new RuntimeState("", "r1", "", 1, bundle, Map.of("bpfguard.io/namespace", "batch"));
        assertThat(HookedContainer.of(state, BundleConfig.read(bundle)).facts().namespace()).isEqualTo("batch");
    }

    @Test
    void crun() throws HookException {
        HookedContainer hooked = Bundles.hooked("night-1", Bundles.bundle("crun"));
        assertThat(hooked.facts().namespace()).isEqualTo("batch");
        assertThat(hooked.facts().podName()).isEqualTo("night");
        assertThat(hooked.facts().containerName()).isEqualTo("night-1");
        assertThat(hooked.facts().image()).contains("localhost/night:3");
        assertThat(hooked.cgroupsPath()).contains("system.slice:crun:night-1");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{\"io.container.manager\":\"cri-o\",\"io.kubernetes.cri.container-type\":\"container\"}",
        "{\"io.container.manager\":\"libpod\",\"io.kubernetes.cri.container-type\":\"container\"}",
        "{\"io.kubernetes.cri-o.ContainerType\":\"container\",\"io.kubernetes.cri.container-type\":\"container\"}",
        "{\"io.container.manager\":\"libpod\",\"io.kubernetes.cri-o.Metadata\":\"{}\",\"io.kubernetes.cri-o.ContainerType\":\"sandbox\"}",
    })
    void signsOfSeveralRuntimesAreRefused(String annotations) {
        assertThatThrownBy(() -> Bundles.withAnnotations("x", directory, annotations)).isInstanceOf(HookException.class).hasMessageContaining("those of several runtimes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "a\"b\\", "\u65e5\u672c\ud83d\udc33", "a\0b", "\u202e\u0085", " ", "253"})
    void hostileNamesAreOnlyText(String name) throws Exception {
        String pod = name.equals("253") ? "p".repeat(253) : name;
        String annotations = NAMES + ",\"io.kubernetes.pod.name\":" + quoted(pod);
        assertThat(crio(annotations, POD).facts().podName()).isEqualTo(pod);
        assertThat(containerd(CRI + ",\"io.kubernetes.cri.sandbox-name\":" + quoted(pod)).facts().podName()).isEqualTo(pod);
        assertThat(Bundles.withAnnotations("x", directory, "{\"bpfguard.io/pod\":" + quoted(pod) + "}").facts().podName()).isEqualTo(pod);
    }

    @Test
    void manyAndLongLabels() throws Exception {
        StringBuilder labels = new StringBuilder("{");
        for (int label = 0; label < 1500; label++) {
            labels.append(label == 0 ? "" : ",").append(quoted(String.format("k%062d", label))).append(':').append(quoted("v".repeat(63)));
        }
        String json = labels.append('}').toString();
        assertThat(json.length()).isGreaterThan(190_000);
        ContainerFacts facts = crio(NAMES, "\"io.kubernetes.cri-o.Labels\":" + quoted(json) + ",\"io.kubernetes.cri-o.Annotations\":\"{}\"").facts();
        assertThat(facts.podLabels()).hasSize(1500).containsEntry(String.format("k%062d", 1499), "v".repeat(63));
    }

    @Test
    void theSandboxsConfigurationMayBeNoLink() throws IOException {
        Path sandbox = Files.createDirectories(directory.resolve("sb/userdata"));
        Files.createSymbolicLink(sandbox.resolve("config.json"), Files.writeString(directory.resolve("x"), "{}"));
        assertThatThrownBy(() -> Bundles.withAnnotations("c1", directory.resolve("c1/userdata"), "{\"io.kubernetes.cri-o.SandboxID\":\"sb\",\"io.kubernetes.cri-o.ContainerType\":\"container\"," + NAMES + "}"))
                .isInstanceOf(HookException.class).hasMessageContaining("is a symbolic link");
    }
}
