package io.bpfguard.cli;

import static io.bpfguard.install.ContainerRuntime.CRIO;
import static io.bpfguard.install.ContainerRuntime.PODMAN;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.bpfguard.install.FakeHost;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code bpfguard hook} on the files of a made-up host. */
class HookCommandTest {
    private static final String SHIPPED = "/usr/share/containers/oci/hooks.d";

    @TempDir
    private Path directory;
    private FakeHost host;

    private record Result(int status, String out, String err) {}

    @BeforeEach
    void prepare() {
        host = new FakeHost(directory);
    }

    private Result hook(String... arguments) {
        List<String> all = new ArrayList<>(List.of("hook"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--root", host.path()));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return new Result(command.execute(all.toArray(String[]::new)), out.toString(), err.toString());
    }

    private Result install(String... arguments) {
        List<String> all = new ArrayList<>(List.of("install", "--launcher", FakeHost.LAUNCHER));
        all.addAll(List.of(arguments));
        return hook(all.toArray(String[]::new));
    }

    @Test
    void installSaysWhoReadsWhatFromWhenOn() {
        host.with(PODMAN, CRIO);
        assertThat(install()).isEqualTo(new Result(0, """
                wrote %1$s/50-bpfguard-poststop.json (poststop), read by Podman at once, for every container made from now on; by CRI-O without a restart, \
                for every container made from now on: it watches the directory
                wrote %1$s/50-bpfguard.json (createRuntime), read by Podman at once, for every container made from now on; by CRI-O without a restart, \
                for every container made from now on: it watches the directory
                """.formatted(SHIPPED), ""));
        assertThat(install().out()).startsWith("unchanged ").contains("\nunchanged ");
    }

    @Test
    void aHostWithoutARuntimeIsRefused() {
        Result result = install();
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).startsWith("bpfguard: neither Podman nor CRI-O was found");
        assertThat(install("--runtime", "crio").status()).isZero();
    }

    @Test
    void aRefusalIsOneMessage() {
        Result result = hook("install", "--runtime", "podman", "--launcher", "/absent/bpfguard-hook");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).startsWith("bpfguard: the hook's program is not fit: /absent/bpfguard-hook is not there").doesNotContain("\tat ");
    }

    @Test
    void wrongUseIsToldFromARefusal() {
        host.with(PODMAN, CRIO);
        assertThat(install("--runtime", "docker").status()).isEqualTo(2);
        assertThat(install("--annotation", "^bpfguard").status()).isEqualTo(2);
        assertThat(hook("install").err()).contains("say --launcher");
        assertThat(hook("install").status()).isEqualTo(2);
        assertThat(hook().status()).isEqualTo(2);
    }

    @Test
    void aNarrowedHookIsWarnedOf() {
        host.with(PODMAN);
        Result result = install("--runtime", "podman", "--annotation", "^bpfguard\\.io/");
        assertThat(result.status()).isZero();
        assertThat(result.err()).isEqualTo("warning: only containers with an annotation whose key matches ^bpfguard\\.io/ get the hook; all others are not guarded\n");
    }

    @Test
    void statusSaysWhatIsWrongAndWhatToDo() {
        host.with(PODMAN);
        Result result = hook("status");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).isEqualTo("""
                Podman: does not run the hook as it should
                  Podman reads /usr/share/containers/oci/hooks.d (built in)
                  error: 50-bpfguard.json is in no directory that Podman reads: the hook is not run at createRuntime. Remedy: run bpfguard hook install
                  error: 50-bpfguard-poststop.json is in no directory that Podman reads: the hook is not run at poststop. Remedy: run bpfguard hook install
                CRI-O: not found
                """);
        install();
        assertThat(hook("status", "--launcher", FakeHost.LAUNCHER)).isEqualTo(new Result(0, """
                Podman: runs the hook
                  Podman reads /usr/share/containers/oci/hooks.d (built in)
                CRI-O: not found
                """, ""));
    }

    @Test
    void statusPrintsJson() throws Exception {
        host.with(PODMAN).crioReads("[\"/srv/c\"]");
        install("--runtime", "podman");
        Files.delete(host.at(SHIPPED + "/50-bpfguard-poststop.json"));
        Result result = hook("status", "--json");
        assertThat(result.status()).isEqualTo(1);
        ObjectMapper mapper = new ObjectMapper();
        assertThat(mapper.readTree(result.out())).isEqualTo(mapper.readTree("""
                {"ok": false, "runtimes": [
                  {"name": "podman", "found": true, "working": false,
                   "readings": [{"reader": "Podman", "directories": [{"path": "/usr/share/containers/oci/hooks.d", "from": "built in"}]}],
                   "findings": [{"severity": "error", "what": "50-bpfguard-poststop.json is in no directory that Podman reads: the hook is not run at poststop",
                                 "remedy": "run bpfguard hook install"}]},
                  {"name": "crio", "found": true, "working": false,
                   "readings": [{"reader": "CRI-O", "directories": [{"path": "/srv/c", "from": "/etc/crio/crio.conf.d/10-hooks.conf"}]}],
                   "findings": [{"severity": "error", "what": "50-bpfguard.json is in no directory that CRI-O reads: the hook is not run at createRuntime",
                                 "remedy": "run bpfguard hook install"},
                                {"severity": "error", "what": "50-bpfguard-poststop.json is in no directory that CRI-O reads: the hook is not run at poststop",
                                 "remedy": "run bpfguard hook install"}]}]}
                """));
    }

    @Test
    void uninstallSaysWhatItRemoved() {
        host.with(PODMAN);
        install();
        host.write("/etc/containers/oci/hooks.d/50-bpfguard.json", "{}");
        assertThat(hook("uninstall")).isEqualTo(new Result(0, """
                left /etc/containers/oci/hooks.d/50-bpfguard.json, which is not BPFGuard's
                removed %1$s/50-bpfguard.json
                removed %1$s/50-bpfguard-poststop.json
                """.formatted(SHIPPED), ""));
        assertThat(hook("uninstall", "--hooks-dir", SHIPPED).out()).isEqualTo("there was nothing to remove\n");
    }
}
