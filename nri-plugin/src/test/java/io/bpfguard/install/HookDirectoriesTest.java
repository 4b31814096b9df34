package io.bpfguard.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which directories a runtime reads, by its configuration. */
class HookDirectoriesTest {
    private static final String CONF = "/etc/containers/containers.conf";
    private static final HookDirectory BUILT_IN = new HookDirectory("/usr/share/containers/oci/hooks.d", "built in");

    @TempDir
    private Path directory;
    private FakeHost host;

    @BeforeEach
    void prepare() {
        host = new FakeHost(directory);
    }

    private void podman(String file, String list) {
        host.write(file, "[containers]\nannotations = []\n[engine]\nhooks_dir = " + list + "\n");
    }

    private void crio(String file, String list) {
        host.write(file, "[crio]\nlog_dir = \"/x\"\n[crio.runtime]\nhooks_dir = " + list + "\n");
    }

    private List<Reading> podman() throws InstallException {
        return ContainerRuntime.PODMAN.readings(host.root());
    }

    private List<HookDirectory> podmanReads() throws InstallException {
        assertThat(podman()).extracting(Reading::reader).containsExactly("Podman");
        return podman().getFirst().directories();
    }

    private List<String> podmanPaths() throws InstallException {
        return podmanReads().stream().map(HookDirectory::path).toList();
    }

    private List<HookDirectory> crioReads() throws InstallException {
        assertThat(ContainerRuntime.CRIO.readings(host.root())).hasSize(1);
        return ContainerRuntime.CRIO.readings(host.root()).getFirst().directories();
    }

    @Test
    void bothReadOneDirectoryWhenNothingIsConfigured() throws Exception {
        host.write(CONF, "[engine]\ncgroup_manager = \"systemd\"\n");
        assertThat(podmanReads()).containsExactly(BUILT_IN);
        assertThat(crioReads()).containsExactly(BUILT_IN);
    }

    @Test
    void podmansListReplacesTheBuiltInOne() throws Exception {
        podman(CONF, "[\"/a/\", \"/b\"]");
        assertThat(podmanReads()).containsExactly(new HookDirectory("/a", CONF), new HookDirectory("/b", CONF));
    }

    @Test
    void etcWinsOverUsr() throws Exception {
        podman("/usr/share/containers/containers.conf", "[\"/usr-one\"]");
        podman(CONF, "[\"/etc-one\"]");
        assertThat(podmanPaths()).containsExactly("/etc-one");
    }

    @Test
    void podmansDropInsAreReadByNameAndTheLastWins() throws Exception {
        podman(CONF, "[\"/main\"]");
        podman("/etc/containers/containers.conf.d/20-b.conf", "[\"/second\"]");
        podman("/etc/containers/containers.conf.d/10-a.conf", "[\"/first\"]");
        podman("/etc/containers/containers.conf.d/30-c.conf.bak", "[\"/not-a-drop-in\"]");
        assertThat(podmanPaths()).containsExactly("/second");
    }

    @Test
    void aListCanBeAppended() throws Exception {
        podman("/etc/containers/containers.conf.d/10-a.conf", "[\"/first\", {append=true}]");
        assertThat(podmanReads()).containsExactly(BUILT_IN, new HookDirectory("/first", "/etc/containers/containers.conf.d/10-a.conf"));
    }

    @Test
    void appendingLastsUntilAFileSaysOtherwise() throws Exception {
        podman("/etc/containers/containers.conf.d/10-a.conf", "[\"/a\", {append=true}]");
        podman("/etc/containers/containers.conf.d/20-b.conf", "[\"/b\"]");
        assertThat(podmanPaths()).containsExactly(BUILT_IN.path(), "/a", "/b");
        podman("/etc/containers/containers.conf.d/30-c.conf", "[\"/c\", {append=false}]");
        assertThat(podmanPaths()).containsExactly("/c");
        podman("/etc/containers/containers.conf.d/40-d.conf", "[\"/d\"]");
        assertThat(podmanPaths()).containsExactly("/d");
    }

    @Test
    void anEmptyListMeansTwoDirectoriesToPodman() throws Exception {
        podman(CONF, "[]");
        assertThat(podmanPaths()).containsExactly("/usr/share/containers/oci/hooks.d", "/etc/containers/oci/hooks.d");
        assertThat(podmanReads()).extracting(HookDirectory::from).containsOnly("implied by the empty hooks_dir in " + CONF);
    }

    @Test
    void aMainFileInEtcHidesThatInUsrFromVersion6On() throws Exception {
        podman("/usr/share/containers/containers.conf", "[\"/usr-one\"]");
        host.write(CONF, "[containers]\n");
        assertThat(podman()).containsExactly(
                new Reading("Podman up to version 5", List.of(new HookDirectory("/usr-one", "/usr/share/containers/containers.conf"))),
                new Reading("Podman from version 6 on", List.of(BUILT_IN)));
    }

    @Test
    void moreDropInsAreReadFromVersion6OnAndOneHidesAnotherOfItsName() throws Exception {
        podman("/usr/share/containers/containers.conf.d/10-a.conf", "[\"/hidden\", {append=true}]");
        podman("/etc/containers/containers.rootful.conf.d/10-a.conf", "[\"/a\", {append=true}]");
        podman("/usr/share/containers/containers.rootful.conf.d/05-b.conf", "[\"/b\", {append=true}]");
        assertThat(podman()).extracting(Reading::reader).containsExactly("Podman up to version 5", "Podman from version 6 on");
        assertThat(podman().getFirst().paths()).containsExactly(BUILT_IN.path());
        assertThat(podman().getLast().paths()).containsExactly(BUILT_IN.path(), "/b", "/a");
    }

    @Test
    void rootsOwnConfigurationCounts() throws Exception {
        podman("/root/.config/containers/containers.conf", "[\"/own\"]");
        podman("/etc/containers/containers.conf.d/10-a.conf", "[\"/etc-one\"]");
        assertThat(podman()).extracting(Reading::paths).containsExactly(List.of("/etc-one"), List.of("/own"));
    }

    @Test
    void wrongTomlIsRefusedAtItsPlace() {
        host.write(CONF, "[engine]\nhooks_dir = [\n  \"/a\",\n  = ]\n");
        assertThatThrownBy(this::podman).isInstanceOf(InstallException.class).hasMessageMatching("/etc/containers/containers.conf:4:\\d+: is not TOML: (?s).+");
        host.write("/etc/crio/crio.conf", "[crio\n");
        assertThatThrownBy(this::crioReads).isInstanceOf(InstallException.class).hasMessageMatching("/etc/crio/crio.conf:1:\\d+: is not TOML: (?s).+");
    }

    @Test
    void aListOfAnotherFormIsRefused() {
        for (String wrong : List.of("\"/a\"", "[1]", "[[\"/a\"]]", "[{append=1}]", "[{prepend=true}]")) {
            podman(CONF, wrong);
            assertThatThrownBy(this::podman).isInstanceOf(InstallException.class).hasMessageStartingWith(CONF + ": hooks_dir is not a list of strings");
        }
    }

    @Test
    void theLastOfCriosFilesWins() throws Exception {
        crio("/etc/crio/crio.conf", "[\"/main\"]");
        assertThat(crioReads()).containsExactly(new HookDirectory("/main", "/etc/crio/crio.conf"));
        crio("/etc/crio/crio.conf.d/20-b", "[\"/b\", \"/b2\"]");
        crio("/etc/crio/crio.conf.d/10-a.conf", "[\"/a\"]");
        host.write("/etc/crio/crio.conf.d/30-c.conf", "[crio.runtime]\nlog_level = \"info\"\n");
        assertThat(crioReads()).extracting(HookDirectory::path).containsExactly("/b", "/b2");
        crio("/etc/crio/crio.conf.d/20-c/99-deep.conf", "[\"/deep\"]");
        assertThat(crioReads()).containsExactly(new HookDirectory("/deep", "/etc/crio/crio.conf.d/20-c/99-deep.conf"));
    }

    @Test
    void anEmptyListMeansNoHooksToCrio() throws Exception {
        host.crioReads("[]");
        assertThat(crioReads()).isEmpty();
    }
}
