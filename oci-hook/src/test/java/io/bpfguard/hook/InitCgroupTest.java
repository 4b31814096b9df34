package io.bpfguard.hook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bpfguard.cgroup.Cgroups;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InitCgroupTest {
    private static final long PID = 4711;

    @TempDir
    private Path directory;

    private Cgroups cgroups;

    @BeforeEach
    void place() throws IOException {
        cgroups = new Cgroups(Files.createDirectory(directory.resolve("cgroup")), Files.createDirectory(directory.resolve("proc")));
        process("self", "0::/system.slice/containerd.service\n");
    }

    private void process(String process, String lines) throws IOException {
        Files.writeString(Files.createDirectories(cgroups.proc().resolve(process)).resolve("cgroup"), lines);
    }

    private InitCgroup find(String cgroup, String cgroupsPath) throws Exception {
        process(Long.toString(PID), "0::" + cgroup + "\n");
        return InitCgroup.find(cgroups, PID, Optional.ofNullable(cgroupsPath));
    }

    @ParameterizedTest
    @CsvSource(nullValues = "none", value = {
        // runc, systemd and cgroupfs
        "/kubepods.slice/kubepods-pod1.slice/cri-containerd-a.scope, kubepods-pod1.slice:cri-containerd:a, kubepods.slice/kubepods-pod1.slice/cri-containerd-a.scope",
        "/kubepods/burstable/pod1/a, /kubepods/burstable/pod1/a, kubepods/burstable/pod1/a",
        "/system.slice/runc-a.scope, none, system.slice/runc-a.scope",
        "/a, none, a",
        // crun, systemd (a child of the scope) and cgroupfs
        "/machine.slice/libpod-a.scope/container, machine.slice:libpod:a, machine.slice/libpod-a.scope",
        "/machine.slice/libpod-a.scope/container, none, machine.slice/libpod-a.scope",
        "/machine.slice/libpod-a.scope/sub/deeper, machine.slice:libpod:a, machine.slice/libpod-a.scope",
        "/libpod_parent/libpod-a, /libpod_parent/libpod-a, libpod_parent/libpod-a",
        "/libpod_parent/libpod-a/container, none, libpod_parent/libpod-a/container",
        "/container, none, container",
        // Relative to another root: kind, a runtime in a cgroup of its own
        "/kubelet.slice/kubelet-kubepods.slice/cri-containerd-a.scope, kubepods.slice:cri-containerd:a, kubelet.slice/kubelet-kubepods.slice/cri-containerd-a.scope",
        // A path that is not the process's
        "/machine.slice/libpod-a.scope/container, /elsewhere/b, machine.slice/libpod-a.scope",
        "/machine.slice/libpod-a.scope, /elsewhere/b, machine.slice/libpod-a.scope",
        // Below the hook's own
        "/system.slice/containerd.service/a, none, system.slice/containerd.service/a",
        "/system.slice/containerd.service2, none, system.slice/containerd.service2",
    })
    void theContainersCgroup(String process, String cgroupsPath, String expected) throws Exception {
        long id = (Long) Files.getAttribute(Files.createDirectories(cgroups.root().resolve(expected)), "unix:ino");
        Files.createDirectories(cgroups.root().resolve(process.substring(1)));
        assertThat(find(process, cgroupsPath)).isEqualTo(new InitCgroup(Path.of(expected).getFileName().toString(), Path.of(expected), id));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/system.slice", "/system.slice/containerd.service"})
    void noCgroupOfItsOwn(String process) throws IOException {
        Files.createDirectories(cgroups.root().resolve("system.slice/containerd.service"));
        for (String path : new String[] {null, "/a", "system.slice:crio:a"}) {
            assertThatThrownBy(() -> find(process, path)).isInstanceOf(HookException.class).hasMessageContaining("no cgroup of its own");
        }
    }

    @Test
    void notAnAncestorByItsName() throws IOException {
        Files.createDirectories(cgroups.root().resolve("system.slice/a"));
        assertThatThrownBy(() -> find("/system.slice/a", "/x/system.slice")).isInstanceOf(HookException.class).hasMessageContaining("no cgroup of its own");
    }

    @Test
    void notTheScopeThatTheHookIsIn() throws Exception {
        process("self", "0::/user.slice/a.scope/supervisor\n");
        Files.createDirectories(cgroups.root().resolve("user.slice/a.scope/container"));
        assertThatThrownBy(() -> find("/user.slice/a.scope/container", null)).isInstanceOf(HookException.class).hasMessageContaining("no cgroup of its own");
    }

    @Test
    void theHookInTheRootCgroup() throws Exception {
        process("self", "0::/\n");
        Files.createDirectories(cgroups.root().resolve("a"));
        assertThat(find("/a", "/a").name()).isEqualTo("a");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "12:memory:/a\n1:name=systemd:/a\n", "10::/a\n"})
    void versionOneIsRefused(String lines) throws IOException {
        process(Long.toString(PID), lines);
        assertThatThrownBy(() -> InitCgroup.find(cgroups, PID, Optional.empty())).isInstanceOf(HookException.class)
                .hasMessageContaining("in no cgroup of version 2").hasMessageContaining("systemd.unified_cgroup_hierarchy=1");
    }

    @Test
    void hybridWithAVersionTwoCgroup() throws Exception {
        Files.createDirectories(cgroups.root().resolve("a"));
        process(Long.toString(PID), "12:memory:/a\n1:name=systemd:/a\n0::/a\n");
        assertThat(InitCgroup.find(cgroups, PID, Optional.empty()).path()).isEqualTo(Path.of("a"));
    }

    @Test
    void theHooksOwnMustBeKnown() throws IOException {
        process("self", "1:name=systemd:/a\n");
        assertThatThrownBy(() -> find("/a", null)).isInstanceOf(HookException.class).hasMessageContaining("process self is in no cgroup of version 2");
    }

    @Test
    void gone() {
        assertThatThrownBy(() -> InitCgroup.find(cgroups, PID, Optional.empty())).isInstanceOf(HookException.class).hasMessageContaining("process 4711").hasMessageContaining("has ended");
        assertThatThrownBy(() -> find("/a (deleted)", null)).isInstanceOf(HookException.class).hasMessageContaining("is gone");
    }

    @Test
    void outOfSight() {
        assertThatThrownBy(() -> find("/../a", "/a")).isInstanceOf(HookException.class).hasMessageContaining("outside of what the hook sees");
        assertThatThrownBy(() -> find("a", "/a")).isInstanceOf(HookException.class).hasMessageContaining("outside of what the hook sees");
        assertThatThrownBy(() -> find("/a\0", "/a")).isInstanceOf(HookException.class).hasMessageContaining("no path here");
        assertThatThrownBy(() -> find("/a", "/a")).isInstanceOf(HookException.class).hasMessageContaining("is not in " + cgroups.root());
    }

    @Test
    void bytesThatAreNoText() throws IOException {
        Files.write(Files.createDirectories(cgroups.proc().resolve(Long.toString(PID))).resolve("cgroup"), new byte[] {'0', ':', ':', '/', (byte) 0xff, '\n'});
        assertThatThrownBy(() -> InitCgroup.find(cgroups, PID, Optional.empty())).isInstanceOf(HookException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a:b", "/a/../b", "/", "x:crio:a", "/a\0"})
    void aPathWithoutMeaning(String cgroupsPath) {
        assertThatThrownBy(() -> find("/a", cgroupsPath)).isInstanceOf(HookException.class).hasMessageContaining("linux.cgroupsPath cannot be understood");
    }
}
