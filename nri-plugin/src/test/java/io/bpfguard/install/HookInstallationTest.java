package io.bpfguard.install;

import static io.bpfguard.install.ContainerRuntime.CRIO;
import static io.bpfguard.install.ContainerRuntime.PODMAN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.bpfguard.install.HookInstallation.Installed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HookInstallationTest {
    private static final String SHIPPED = "/usr/share/containers/oci/hooks.d";
    private static final String LOCAL = "/etc/containers/oci/hooks.d";
    private static final String CREATE = "/50-bpfguard.json";
    private static final String POSTSTOP = "/50-bpfguard-poststop.json";
    private static final String FOREIGN = "{\"version\": \"1.0.0\", \"hook\": {\"path\": \"/bin/other\"}, \"when\": {\"always\": true}, \"stages\": [\"poststop\"]}";

    @TempDir
    private Path directory;
    private FakeHost host;

    @BeforeEach
    void prepare() {
        host = new FakeHost(directory).with(PODMAN);
    }

    private List<Installed> install(Optional<String> hooksDirectory, Registration what, ContainerRuntime... runtimes) throws InstallException {
        return HookInstallation.install(host.root(), Set.of(runtimes), hooksDirectory, what);
    }

    private List<Installed> install(ContainerRuntime... runtimes) throws InstallException {
        return install(Optional.empty(), what(FakeHost.LAUNCHER), runtimes);
    }

    private static Registration what(String launcher) throws InstallException {
        return Registration.of(launcher, Registration.DEFAULT_LIMIT, Optional.empty());
    }

    /** That it is refused, and that no file came or went. */
    private void assertRefused(ThrowingCallable call, String... said) {
        List<String> before = host.files();
        assertThatThrownBy(call).isInstanceOf(InstallException.class).hasMessageContainingAll(said);
        assertThat(host.files()).isEqualTo(before);
    }

    @Test
    void theFilesAreAsDocumented() throws Exception {
        assertThat(install(PODMAN)).containsExactly(
                new Installed(HookFile.POSTSTOP, SHIPPED + POSTSTOP, true, List.of(PODMAN)),
                new Installed(HookFile.CREATE, SHIPPED + CREATE, true, List.of(PODMAN)));
        assertThat(host.read(SHIPPED + CREATE)).isEqualTo("""
                {
                  "version" : "1.0.0",
                  "hook" : {
                    "path" : "/usr/lib/bpfguard/bin/bpfguard-hook",
                    "args" : [ "bpfguard-hook", "--limit", "25000", "createRuntime" ],
                    "env" : [ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" ],
                    "timeout" : 30
                  },
                  "when" : {
                    "always" : true
                  },
                  "stages" : [ "createRuntime" ]
                }
                """);
        assertThat(host.read(SHIPPED + POSTSTOP)).isEqualTo("""
                {
                  "version" : "1.0.0",
                  "hook" : {
                    "path" : "/usr/lib/bpfguard/bin/bpfguard-hook",
                    "args" : [ "bpfguard-hook", "--limit", "25000", "poststop" ],
                    "env" : [ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" ],
                    "timeout" : 30
                  },
                  "when" : {
                    "always" : true
                  },
                  "stages" : [ "poststop" ]
                }
                """);
        assertThat(host.files()).containsExactly(SHIPPED + POSTSTOP, SHIPPED + CREATE);
    }

    @Test
    void theFilesAreForAllToReadAndForRootToWrite() throws Exception {
        install(PODMAN);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(host.at(SHIPPED + CREATE)))).isEqualTo("rw-r--r--");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(host.at(SHIPPED)))).isEqualTo("rwxr-xr-x");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(host.at("/usr/share")))).isEqualTo("rwxr-xr-x");
    }

    @Test
    void aSecondTimeNothingIsWritten() throws Exception {
        install(PODMAN);
        FileTime old = FileTime.fromMillis(1_000_000);
        Files.setLastModifiedTime(host.at(SHIPPED + CREATE), old);
        assertThat(install(PODMAN)).extracting(Installed::changed).containsOnly(false);
        assertThat(Files.getLastModifiedTime(host.at(SHIPPED + CREATE))).isEqualTo(old);
    }

    @Test
    void anotherLimitIsWrittenWithATimeoutAboveIt() throws Exception {
        install(PODMAN);
        assertThat(install(Optional.empty(), Registration.of(FakeHost.LAUNCHER, 1500, Optional.empty()), PODMAN)).extracting(Installed::changed).containsOnly(true);
        var hook = new ObjectMapper().readTree(host.read(SHIPPED + CREATE)).path("hook");
        assertThat(hook.path("args").path(2).asText()).isEqualTo("1500");
        assertThat(hook.path("timeout").asInt()).isEqualTo(7);
    }

    @Test
    void aLimitMustBeSensible() {
        assertRefused(() -> Registration.of(FakeHost.LAUNCHER, 99, Optional.empty()), "99 ms is not between 100 and 100000");
        assertRefused(() -> Registration.of(FakeHost.LAUNCHER, 100_001, Optional.empty()), "not between");
    }

    @Test
    void anAnnotationNarrowsPodman() throws Exception {
        install(Optional.empty(), Registration.of(FakeHost.LAUNCHER, 25_000, Optional.of("^bpfguard\\.io/")), PODMAN);
        assertThat(new ObjectMapper().readTree(host.read(SHIPPED + CREATE)).path("when").toString()).isEqualTo("{\"annotations\":{\"^bpfguard\\\\.io/\":\".*\"}}");
    }

    @Test
    void anAnnotationIsRefusedWhereCrioReadsTheSameFile() throws Exception {
        host.with(CRIO);
        Registration narrowed = Registration.of(FakeHost.LAUNCHER, 25_000, Optional.of("^bpfguard"));
        assertRefused(() -> install(Optional.empty(), narrowed, PODMAN), "CRI-O reads " + SHIPPED + " too", "/etc/containers/containers.conf.d/99-bpfguard.conf",
                "hooks_dir = [\"" + SHIPPED + "\", \"" + LOCAL + "\"]");
        host.podmanReads("[\"" + SHIPPED + "\", \"" + LOCAL + "\"]");
        assertThat(install(Optional.empty(), narrowed, PODMAN)).extracting(Installed::path).containsExactly(LOCAL + POSTSTOP, LOCAL + CREATE);
    }

    @Test
    void anExpressionThatARuntimeMightNotReadIsRefused() {
        for (String wrong : List.of("", "(", "a**", "a*?", "a++", "(?=a)", "(?i)a", "\\d", "a{2}", "[a]", "*a", "a|*", "\\1", "^*")) {
            assertRefused(() -> Registration.of(FakeHost.LAUNCHER, 25_000, Optional.of(wrong)), "the expression");
        }
    }

    @Test
    void aDirectoryOfEtcIsPreferred() throws Exception {
        host.podmanReads("[\"" + LOCAL + "\", \"/srv/hooks\"]");
        assertThat(install(PODMAN)).extracting(Installed::path).containsExactly(LOCAL + POSTSTOP, LOCAL + CREATE);
    }

    @Test
    void otherwiseTheLastDirectoryIsTaken() throws Exception {
        host.podmanReads("[\"/srv/a\", \"/srv/b\"]");
        assertThat(install(PODMAN)).extracting(Installed::path).containsExactly("/srv/b" + POSTSTOP, "/srv/b" + CREATE);
    }

    @Test
    void aDirectoryThatHoldsOursIsKept() throws Exception {
        host.podmanReads("[\"/srv/a\", \"" + LOCAL + "\", \"/srv/b\"]");
        install(Optional.of("/srv/b"), what(FakeHost.LAUNCHER), PODMAN);
        assertThat(install(PODMAN)).extracting(Installed::path).containsExactly("/srv/b" + POSTSTOP, "/srv/b" + CREATE);
        assertRefused(() -> install(Optional.of(LOCAL), what(FakeHost.LAUNCHER), PODMAN), "/srv/b" + CREATE, "bpfguard hook uninstall");
    }

    @Test
    void aDirectoryThatCannotBeTrustedIsPassedOver() throws Exception {
        host.podmanReads("[\"/srv/a\", \"/srv/b\"]").write("/srv/b/x", "").mode("/srv/b", "rwxrwxr-x");
        assertThat(install(PODMAN)).extracting(Installed::path).containsExactly("/srv/a" + POSTSTOP, "/srv/a" + CREATE);
    }

    @Test
    void ifNoneIsFitTheLineToAddIsSaid() {
        host.podmanReads("[\"/srv/b\", \"relative\", \"/srv/file\"]").write("/srv/b/x", "").mode("/srv/b", "rwxrwxr-x").write("/srv/file", "");
        assertRefused(() -> install(PODMAN), "Podman reads no directory", "/srv/b (/etc/containers/containers.conf): /srv/b can be written by others",
                "relative (/etc/containers/containers.conf): it is not an absolute path", "/srv/file (/etc/containers/containers.conf): it is not a directory",
                "write to /etc/containers/containers.conf.d/99-bpfguard.conf:\n[engine]\nhooks_dir = [\"/srv/b\", \"relative\", \"/srv/file\", \"" + LOCAL + "\"]");
    }

    @Test
    void crioWithoutDirectoriesIsRefused() {
        host.crioReads("[]");
        assertRefused(() -> install(CRIO), "CRI-O reads no directory", "write to /etc/crio/crio.conf.d/99-bpfguard.conf, and restart it:\n[crio.runtime]\nhooks_dir = [\"" + LOCAL + "\"]");
    }

    @Test
    void theDirectoryAskedForMustBeRead() throws Exception {
        assertRefused(() -> install(Optional.of(LOCAL), what(FakeHost.LAUNCHER), PODMAN), "Podman does not read " + LOCAL,
                "hooks_dir = [\"" + SHIPPED + "\", \"" + LOCAL + "\"]");
        host.podmanReads("[\"" + SHIPPED + "\", \"" + LOCAL + "\"]");
        assertThat(install(Optional.of(SHIPPED + "/"), what(FakeHost.LAUNCHER), PODMAN)).extracting(Installed::path)
                .containsExactly(SHIPPED + POSTSTOP, SHIPPED + CREATE);
        host.mode(SHIPPED, "rwxrwxrwx");
        assertRefused(() -> install(Optional.of(SHIPPED), what(FakeHost.LAUNCHER), PODMAN), SHIPPED + " is not fit", "chmod go-w");
    }

    @Test
    void aDirectoryThatOnlySomeVersionsReadIsNotEnough() throws Exception {
        host.write("/etc/containers/containers.rootful.conf.d/10-a.conf", "[engine]\nhooks_dir = [\"/srv/a\", {append=true}]\n");
        assertThat(install(PODMAN)).extracting(Installed::path).containsExactly(SHIPPED + POSTSTOP, SHIPPED + CREATE);
        host.write("/etc/containers/containers.rootful.conf.d/10-a.conf", "[engine]\nhooks_dir = [\"/srv/a\"]\n");
        assertRefused(() -> install(PODMAN), "Podman up to version 5 reads [" + SHIPPED + "]", "Podman from version 6 on reads [/srv/a]");
    }

    @Test
    void oneFileServesBothRuntimes() throws Exception {
        host.with(CRIO);
        assertThat(install(PODMAN, CRIO)).extracting(Installed::path, Installed::readers).containsExactly(
                org.assertj.core.groups.Tuple.tuple(SHIPPED + POSTSTOP, List.of(PODMAN, CRIO)),
                org.assertj.core.groups.Tuple.tuple(SHIPPED + CREATE, List.of(PODMAN, CRIO)));
    }

    @Test
    void eachRuntimeGetsADirectoryThatItReads() throws Exception {
        host.with(CRIO).crioReads("[\"/srv/crio\"]").podmanReads("[\"" + LOCAL + "\"]");
        install(PODMAN, CRIO);
        assertThat(host.files()).contains("/srv/crio" + CREATE, "/srv/crio" + POSTSTOP, LOCAL + CREATE, LOCAL + POSTSTOP);
    }

    @Test
    void whoElseReadsTheFileIsSaid() throws Exception {
        host.with(CRIO);
        assertThat(install(PODMAN)).extracting(Installed::readers).containsOnly(List.of(PODMAN, CRIO));
    }

    @Test
    void aFileOfOthersIsLeftAlone() throws Exception {
        host.write(SHIPPED + POSTSTOP, FOREIGN);
        assertRefused(() -> install(PODMAN), SHIPPED + POSTSTOP + " is not BPFGuard's; nothing was changed");
        assertThat(host.read(SHIPPED + POSTSTOP)).isEqualTo(FOREIGN);
        host.write(SHIPPED + POSTSTOP, "not JSON");
        assertRefused(() -> install(PODMAN), "is not BPFGuard's");
    }

    @Test
    void aFileOfOthersInAnotherDirectoryThatIsReadIsRefusedToo() {
        host.podmanReads("[\"" + LOCAL + "\", \"/srv/b\"]").write("/srv/b" + CREATE, FOREIGN);
        assertRefused(() -> install(PODMAN), "/srv/b" + CREATE + " is not BPFGuard's");
    }

    @Test
    void anUnreadableConfigurationChangesNothing() {
        host.podmanReads("[");
        assertRefused(() -> install(PODMAN), "/etc/containers/containers.conf:", "is not TOML");
    }

    @Test
    void theConfigurationOfTheOtherRuntimeIsReadToo() {
        host.crioReads("[");
        assertRefused(() -> install(PODMAN), "/etc/crio/crio.conf.d/10-hooks.conf:", "is not TOML");
    }

    @Test
    void aMissingProgramIsRefused() {
        assertRefused(() -> install(Optional.empty(), what("/opt/bpfguard-hook"), PODMAN), "/opt/bpfguard-hook is not there", "without a word", "nothing was installed");
    }

    @Test
    void aProgramThatIsNotAFileIsRefused() {
        host.write("/opt/bpfguard-hook/x", "");
        assertRefused(() -> install(Optional.empty(), what("/opt/bpfguard-hook"), PODMAN), "is not a regular file");
    }

    @Test
    void aProgramThatCannotBeExecutedIsRefused() {
        host.mode(FakeHost.LAUNCHER, "rw-r--r--");
        assertRefused(() -> install(PODMAN), "is not executable (chmod 755 " + FakeHost.LAUNCHER + ")");
    }

    @Test
    void aProgramThatOthersCanReplaceIsRefused() {
        host.mode(FakeHost.LAUNCHER, "rwxrwxr-x");
        assertRefused(() -> install(PODMAN), FakeHost.LAUNCHER + " can be written by others than root (mode 775; chmod go-w " + FakeHost.LAUNCHER + ")");
        host.mode(FakeHost.LAUNCHER, "rwxr-xr-x").mode("/usr/lib", "rwxr-xrwx");
        assertRefused(() -> install(PODMAN), "/usr/lib can be written by others than root (mode 757");
    }

    @Test
    void aProgramOfAnotherUserIsRefused() throws Exception {
        assumeThat((Integer) Files.getAttribute(directory, "unix:uid")).as("only root can give files away").isZero();
        Files.setAttribute(host.at(FakeHost.LAUNCHER), "unix:uid", 1000);
        assertRefused(() -> install(PODMAN), FakeHost.LAUNCHER + " belongs to user 1000 and must belong to root");
        Files.setAttribute(host.at(FakeHost.LAUNCHER), "unix:uid", 0);
        Files.setAttribute(host.at("/usr/lib/bpfguard"), "unix:uid", 1000);
        assertRefused(() -> install(PODMAN), "/usr/lib/bpfguard belongs to user 1000");
    }

    @Test
    void aProgramOfAnotherNameIsRefused() {
        host.write("/opt/other", "").mode("/opt/other", "rwxr-xr-x");
        assertRefused(() -> install(Optional.empty(), what("/opt/other"), PODMAN), "is not named bpfguard-hook");
        assertRefused(() -> install(Optional.empty(), what("bin/bpfguard-hook"), PODMAN), "is not an absolute path");
    }

    @Test
    void aLinkIsFollowedAndItsPlaceLookedAt() throws Exception {
        host.write("/opt/bin/x", "");
        Files.createSymbolicLink(host.at("/opt/bin/bpfguard-hook"), Path.of("../../usr/lib/bpfguard/bin/bpfguard-hook"));
        install(Optional.empty(), what("/opt/bin/bpfguard-hook"), PODMAN);
        assertThat(host.read(SHIPPED + CREATE)).contains("\"path\" : \"" + FakeHost.LAUNCHER + "\"");
        host.mode("/opt/bin", "rwxrwxrwx");
        assertRefused(() -> install(Optional.empty(), what("/opt/bin/bpfguard-hook"), PODMAN), "/opt/bin can be written by others");
    }

    @Test
    void aLinkThatLeadsOutOfTheHostIsRefused(@TempDir Path elsewhere) throws Exception {
        Path outside = Files.writeString(elsewhere.resolve("bpfguard-hook"), "");
        Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createSymbolicLink(host.at("/usr/lib/bpfguard-hook"), outside);
        assertRefused(() -> install(Optional.empty(), what("/usr/lib/bpfguard-hook"), PODMAN), "leads out of");
    }
}
