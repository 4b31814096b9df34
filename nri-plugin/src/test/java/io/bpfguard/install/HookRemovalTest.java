package io.bpfguard.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.install.HookRemoval.Seen;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HookRemovalTest {
    private static final String SHIPPED = "/usr/share/containers/oci/hooks.d/";
    private static final String LOCAL = "/etc/containers/oci/hooks.d/";
    private static final String OURS = "{\"hook\": {\"path\": \"/old/bin/bpfguard-hook\"}}";

    @TempDir
    private Path directory;
    private FakeHost host;

    @BeforeEach
    void prepare() {
        host = new FakeHost(directory);
    }

    private List<Seen> remove(String... hooksDirectory) throws InstallException {
        return HookRemoval.remove(host.root(), Optional.ofNullable(hooksDirectory.length == 0 ? null : hooksDirectory[0]));
    }

    @Test
    void oursAreRemovedFromEveryDirectoryThatIsKnown() throws Exception {
        host.podmanReads("[\"/srv/p\"]").crioReads("[\"/srv/c\", \"relative\"]");
        for (String place : List.of(SHIPPED, LOCAL, "/srv/p/", "/srv/c/", "/srv/unknown/")) {
            host.write(place + "50-bpfguard.json", OURS);
        }
        host.write(LOCAL + "50-bpfguard-poststop.json", OURS);
        assertThat(remove()).containsExactlyInAnyOrder(new Seen(SHIPPED + "50-bpfguard.json", true), new Seen(LOCAL + "50-bpfguard.json", true),
                new Seen(LOCAL + "50-bpfguard-poststop.json", true), new Seen("/srv/p/50-bpfguard.json", true), new Seen("/srv/c/50-bpfguard.json", true));
        assertThat(host.files()).containsExactly("/etc/containers/containers.conf", "/etc/crio/crio.conf.d/10-hooks.conf", "/srv/unknown/50-bpfguard.json");
        assertThat(remove()).isEmpty();
    }

    @Test
    void othersFilesAreLeft() throws Exception {
        host.write(SHIPPED + "50-bpfguard.json", "{\"hook\": {\"path\": \"/bin/other\"}}").write(SHIPPED + "50-bpfguard-poststop.json", "no JSON")
                .write(SHIPPED + "60-mine.json", OURS);
        assertThat(remove()).containsExactly(new Seen(SHIPPED + "50-bpfguard.json", false), new Seen(SHIPPED + "50-bpfguard-poststop.json", false));
        assertThat(host.files()).hasSize(3);
    }

    @Test
    void oneDirectoryCanBeNamed() throws Exception {
        host.write(SHIPPED + "50-bpfguard.json", OURS).write("/srv/unknown/50-bpfguard.json", OURS);
        assertThat(remove("/srv/unknown")).containsExactly(new Seen("/srv/unknown/50-bpfguard.json", true));
        assertThat(host.files()).containsExactly(SHIPPED + "50-bpfguard.json");
        assertThatThrownBy(() -> remove("unknown")).isInstanceOf(InstallException.class).hasMessageContaining("not an absolute path");
    }

    @Test
    void anUnreadableConfigurationChangesNothing() {
        host.write(SHIPPED + "50-bpfguard.json", OURS).crioReads("[");
        assertThatThrownBy(this::remove).isInstanceOf(InstallException.class).hasMessageContaining("is not TOML");
        assertThat(host.files()).contains(SHIPPED + "50-bpfguard.json");
    }
}
