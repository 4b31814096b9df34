package io.bpfguard.install;

import static io.bpfguard.install.ContainerRuntime.CRIO;
import static io.bpfguard.install.ContainerRuntime.PODMAN;
import static org.assertj.core.api.Assertions.assertThat;

import io.bpfguard.install.Finding.Severity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HookStatusTest {
    private static final String SHIPPED = "/usr/share/containers/oci/hooks.d";
    private static final String CREATE = SHIPPED + "/50-bpfguard.json";
    private static final String FOREIGN = "{\"version\": \"1.0.0\", \"hook\": {\"path\": \"/usr/bin/podman\"}, \"when\": {\"always\": true}, \"stages\": [\"poststop\"]}";

    @TempDir
    private Path directory;
    private FakeHost host;

    /** A host where all is well. */
    @BeforeEach
    void prepare() throws Exception {
        host = new FakeHost(directory).with(PODMAN);
        install(Optional.empty());
    }

    private void install(Optional<String> annotation) throws InstallException {
        HookInstallation.install(host.root(), Set.of(PODMAN), Optional.empty(), Registration.of(FakeHost.LAUNCHER, 25_000, annotation));
    }

    private RuntimeStatus status(ContainerRuntime runtime) {
        return HookStatus.of(host.root(), Optional.of(FakeHost.LAUNCHER)).stream().filter(status -> status.runtime() == runtime).findFirst().orElseThrow();
    }

    /** The one thing that is wrong with Podman. */
    private Finding finding() {
        assertThat(status(PODMAN).findings()).hasSize(1);
        return status(PODMAN).findings().getFirst();
    }

    private void assertError(String what, String remedy) {
        assertThat(finding().severity()).isEqualTo(Severity.ERROR);
        assertThat(finding().what()).isEqualTo(what);
        assertThat(finding().remedy()).isEqualTo(remedy);
        assertThat(status(PODMAN).working()).isFalse();
    }

    private void change(String from, String to) {
        String old = host.read(CREATE);
        assertThat(old).contains(from);
        host.write(CREATE, old.replace(from, to));
    }

    @Test
    void whatWasInstalledWorks() {
        assertThat(status(PODMAN)).isEqualTo(new RuntimeStatus(PODMAN, true,
                List.of(new Reading("Podman", List.of(new HookDirectory(SHIPPED, "built in")))), List.of()));
        assertThat(status(PODMAN).working()).isTrue();
    }

    @Test
    void aRuntimeThatIsNotThereIsNotLookedAt() {
        assertThat(status(CRIO)).isEqualTo(new RuntimeStatus(CRIO, false, List.of(), List.of()));
        assertThat(status(CRIO).working()).isFalse();
    }

    @Test
    void aConfigurationIsATraceOfARuntime() {
        host.crioReads("[\"/srv/c\"]");
        assertThat(status(CRIO).found()).isTrue();
        assertThat(status(CRIO).findings()).extracting(Finding::what).containsExactly(
                "50-bpfguard.json is in no directory that CRI-O reads: the hook is not run at createRuntime",
                "50-bpfguard-poststop.json is in no directory that CRI-O reads: the hook is not run at poststop");
    }

    @Test
    void aMissingFileIsFound() throws Exception {
        Files.delete(host.at(CREATE));
        assertError("50-bpfguard.json is in no directory that Podman reads: the hook is not run at createRuntime", "run bpfguard hook install");
    }

    @Test
    void aFileOfAnotherSuffixIsNoHookFile() throws Exception {
        Files.move(host.at(CREATE), host.at(CREATE + ".disabled"));
        assertThat(finding().what()).startsWith("50-bpfguard.json is in no directory");
    }

    @Test
    void aMissingProgramIsFoundWithBothFiles() throws Exception {
        Files.delete(host.at(FakeHost.LAUNCHER));
        assertThat(status(PODMAN).findings()).hasSize(2).allSatisfy(finding -> {
            assertThat(finding.what()).contains(FakeHost.LAUNCHER + " is not there", "passed over without a word");
            assertThat(finding.severity()).isEqualTo(Severity.ERROR);
        });
    }

    @Test
    void aProgramThatCannotBeExecutedOrTrustedIsFound() {
        host.mode(FakeHost.LAUNCHER, "rw-r--r--");
        assertThat(status(PODMAN).findings()).hasSize(2).allSatisfy(finding -> assertThat(finding.what()).contains("is not executable"));
        host.mode(FakeHost.LAUNCHER, "rwxrwxrwx");
        assertThat(status(PODMAN).findings()).hasSize(2).allSatisfy(finding -> assertThat(finding.what()).contains("can be written by others"));
    }

    @Test
    void aProgramOfAnotherInstallationIsStale() {
        String old = "/usr/lib/bpfguard-old/bin/bpfguard-hook";
        host.write(old, "").mode(old, "rwxr-xr-x");
        change(FakeHost.LAUNCHER, old);
        assertError(CREATE + " is stale: it starts " + old + ", and this installation's program is " + FakeHost.LAUNCHER, "run bpfguard hook install");
    }

    @Test
    void aLinkToTheProgramIsNotStale() throws Exception {
        Files.createSymbolicLink(host.at("/usr/bin/bpfguard-hook"), Path.of("../lib/bpfguard/bin/bpfguard-hook"));
        change(FakeHost.LAUNCHER, "/usr/bin/bpfguard-hook");
        assertThat(status(PODMAN).findings()).isEmpty();
    }

    @Test
    void whatIsNotKnownIsNotCompared() {
        assertThat(HookStatus.of(host.root(), Optional.empty()).getFirst().working()).isTrue();
    }

    @Test
    void aFileThatIsReplacedByAnotherIsFound() {
        host.podmanReads("[\"" + SHIPPED + "\", \"/srv/late\"]").write("/srv/late/50-bpfguard.json", FOREIGN);
        assertError("/srv/late/50-bpfguard.json is not BPFGuard's and replaces " + CREATE + ": the hook is not run at createRuntime",
                "rename or remove /srv/late/50-bpfguard.json");
    }

    @Test
    void aFileOfOthersUnderOurNameIsFound() {
        host.write(CREATE, FOREIGN);
        assertError(CREATE + " is not BPFGuard's: the hook is not run at createRuntime", "rename or remove it, and run bpfguard hook install");
    }

    @Test
    void oursReplacesAnEarlierFile() {
        host.podmanReads("[\"/srv/early\", \"" + SHIPPED + "\"]").write("/srv/early/50-bpfguard.json", FOREIGN);
        assertThat(status(PODMAN).working()).isTrue();
    }

    @Test
    void ourFileWithBadJsonIsFound() {
        host.write(CREATE, "{\n  \"version\": \"1.0.0\",,\n");
        assertThat(status(PODMAN).findings().getFirst().what()).startsWith(CREATE + " is not JSON: line 2, column 22: ")
                .endsWith("; Podman creates no container while such a file is there");
        assertThat(status(PODMAN).working()).isFalse();
    }

    @Test
    void anyFileThatCannotBeLoadedIsFound() {
        for (String bad : List.of("", "[]", "{} {}", "{\"version\": \"2.0.0\"}", "{\"hook\": {\"path\": \"/usr/bin/podman\"}}",
                "{\"version\": \"1.0.0\", \"hook\": {}, \"stages\": []}", "{\"version\": \"1.0.0\", \"hook\": {\"path\": \"/usr/bin/podman\"}}",
                "{\"version\": \"1.0.0\", \"hook\": {\"path\": \"/usr/bin/podman\", \"timeout\": \"5\"}, \"stages\": []}",
                "{\"version\": \"1.0.0\", \"hook\": {\"path\": \"/usr/bin/podman\"}, \"stages\": [\"later\"]}")) {
            host.write(SHIPPED + "/10-other.json", bad);
            assertThat(finding().what()).as(bad).startsWith(SHIPPED + "/10-other.json ").endsWith("; Podman creates no container while such a file is there");
            assertThat(finding().remedy()).isEqualTo("repair or remove it");
        }
    }

    @Test
    void filesThatCanBeLoadedAreNobodysBusiness() {
        host.write(SHIPPED + "/10-old.json", "{\"hook\": \"/usr/bin/podman\", \"stages\": [\"prestart\"]}").write(SHIPPED + "/20-new.json", FOREIGN)
                .write(SHIPPED + "/30-absent.json", FOREIGN.replace("/usr/bin/podman", "/absent").replace("poststop", "later"))
                .write(SHIPPED + "/40-text.txt", "{").write(SHIPPED + "/50-early.json", FOREIGN.replace("poststop", "precreate"));
        assertThat(status(PODMAN).findings()).isEmpty();
    }

    @Test
    void aStageOfPodmanAloneStopsCrio() {
        host.with(CRIO).write(SHIPPED + "/50-early.json", FOREIGN.replace("poststop", "precreate"));
        assertThat(status(CRIO).findings()).extracting(Finding::what).containsExactly(
                SHIPPED + "/50-early.json names the stage \"precreate\", which is not known; CRI-O does not start while such a file is there");
    }

    @Test
    void aLimitThatIsNotBelowTheTimeoutIsFound() {
        change("\"timeout\" : 30", "\"timeout\" : 25");
        assertError(CREATE + ": its limit of 25000 ms is not below the runtime's timeout of 25 s", "run bpfguard hook install");
    }

    @Test
    void aMissingTimeoutIsFound() {
        change(",\n    \"timeout\" : 30", "");
        assertThat(finding().what()).startsWith(CREATE + " sets no timeout");
    }

    @Test
    void otherArgumentsAreFound() {
        change("\"--limit\", \"25000\", ", "");
        assertThat(finding().what()).contains("set no --limit");
        change("[ \"bpfguard-hook\", \"createRuntime\" ]", "[ \"bpfguard-hook\", \"--limit\", \"soon\", \"createRuntime\" ]");
        assertThat(finding().what()).contains("set no --limit");
        change("\"--limit\", \"soon\"", "\"--fast\", \"25000\"");
        assertThat(finding().what()).contains("its argument --fast is not known");
        change("\"--fast\", ", "");
        assertThat(finding().what()).contains("are not understood");
        change("\"25000\", \"createRuntime\" ]", "\"poststop\" ]");
        assertThat(finding().what()).contains("do not end with the stage createRuntime");
    }

    @Test
    void argumentsThatAnAdministratorAddedAreTaken() {
        change("\"--limit\", \"25000\"", "\"--socket\", \"/run/x\", \"--agent\", \"500\", \"--alone\", \"/x\", \"--limit\", \"20000\"");
        assertThat(status(PODMAN).findings()).isEmpty();
    }

    @Test
    void otherStagesAreFound() {
        change("\"stages\" : [ \"createRuntime\" ]", "\"stages\" : [ \"createRuntime\", \"poststop\" ]");
        assertError(CREATE + " is for the stages [createRuntime, poststop] and should be for [createRuntime]", "run bpfguard hook install");
    }

    @Test
    void anotherEnvironmentIsFound() {
        change("PATH=/usr/sbin", "LD_PRELOAD=/x");
        assertThat(finding().what()).contains("its environment is [LD_PRELOAD=");
    }

    @Test
    void otherConditionsAreFound() {
        change("\"always\" : true", "\"always\" : false");
        assertThat(finding().what()).isEqualTo(CREATE + ": its condition {\"always\":false} is not the one that was installed");
        change("\"always\" : false", "\"always\" : true, \"commands\" : [ \"sh\" ]");
        assertThat(finding().severity()).isEqualTo(Severity.ERROR);
        change("\"always\" : true, \"commands\" : [ \"sh\" ]", "");
        assertThat(finding().severity()).isEqualTo(Severity.ERROR);
    }

    @Test
    void aNarrowedHookWorksWithAWarning() throws Exception {
        install(Optional.of("^bpfguard"));
        assertThat(status(PODMAN).findings()).hasSize(2).allSatisfy(finding -> {
            assertThat(finding.severity()).isEqualTo(Severity.WARNING);
            assertThat(finding.what()).endsWith("is only for containers with an annotation ^bpfguard: all others are not guarded");
        });
        assertThat(status(PODMAN).working()).isTrue();
    }

    @Test
    void aFileThatOthersCanChangeIsFound() {
        host.mode(CREATE, "rw-rw-r--");
        assertThat(finding().what()).startsWith(CREATE + ": " + CREATE + " can be written by others");
    }

    @Test
    void aDirectoryThatIsNoneIsFound() {
        host.write("/srv/file", "").podmanReads("[\"relative\", \"/srv/file\", \"" + SHIPPED + "\"]");
        assertThat(status(PODMAN).findings()).extracting(Finding::what).containsExactly(
                "the hook directory relative is relative to where Podman is started", "/srv/file is not a directory");
    }

    @Test
    void aWrongConfigurationIsFound() {
        host.podmanReads("[");
        assertThat(finding().what()).matches("/etc/containers/containers.conf:\\d+:\\d+: is not TOML: (?s).*");
        assertThat(status(PODMAN).working()).isFalse();
    }

    @Test
    void versionsThatDifferAreLookedAtEach() {
        host.write("/etc/containers/containers.rootful.conf.d/10-a.conf", "[engine]\nhooks_dir = [\"/srv/a\"]\n");
        assertThat(status(PODMAN).readings()).hasSize(2);
        assertThat(status(PODMAN).findings()).extracting(Finding::what).containsExactly(
                "50-bpfguard.json is in no directory that Podman from version 6 on reads: the hook is not run at createRuntime",
                "50-bpfguard-poststop.json is in no directory that Podman from version 6 on reads: the hook is not run at poststop");
    }
}
