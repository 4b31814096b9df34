package io.bpfguard.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CgroupPathTest {
    private static final String ID = "1f5a9c0de1f5a9c0de1f5a9c0de1f5a9c0de1f5a9c0de1f5a9c0de1f5a9c0de0";

    @DisplayName("item 57: a slice spells its place; the scope has the runtime's prefix")
    @ParameterizedTest
    @CsvSource({
        "kubepods-burstable-pod1_2.slice:cri-containerd:ID, kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-ID.scope",
        "kubepods-pod1_2.slice:crio:ID, kubepods.slice/kubepods-pod1_2.slice/crio-ID.scope",
        "machine.slice:libpod:ID, machine.slice/libpod-ID.scope",
        ":crio:ID, system.slice/crio-ID.scope",
        "-.slice:crio:ID, crio-ID.scope",
        "a-b-c.slice:x:d.slice, a.slice/a-b.slice/a-b-c.slice/d.slice",
        "kubelet-kubepods-pod1.slice:cri-containerd:ID, kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1.slice/cri-containerd-ID.scope",
    })
    void systemdPath(String cgroupsPath, String expected) {
        CgroupPath path = CgroupPath.of(cgroupsPath.replace("ID", ID));
        assertThat(path.path()).isEqualTo(Path.of(expected.replace("ID", ID)));
        assertThat(path.name()).isEqualTo(Path.of(expected.replace("ID", ID)).getFileName().toString());
    }

    @DisplayName("item 58: cgroupfs paths are places below the root")
    @ParameterizedTest
    @CsvSource({
        "/kubepods/burstable/pod1/ID, kubepods/burstable/pod1/ID",
        "kubepods/pod1/ID, kubepods/pod1/ID",
        "/kubelet/kubepods/pod1/ID, kubelet/kubepods/pod1/ID",
        "/libpod_parent/libpod-ID, libpod_parent/libpod-ID",
    })
    void cgroupfsPath(String cgroupsPath, String expected) {
        assertThat(CgroupPath.of(cgroupsPath).path()).isEqualTo(Path.of(expected));
    }

    @DisplayName("item 57: what names no cgroup is refused")
    @ParameterizedTest
    @ValueSource(strings = {"", "/", "a:b", "a:b:c:d", "nosuffix:crio:x", "a--b.slice:crio:x", "-a.slice:crio:x", "a/b.slice:crio:x",
        "a.slice:crio:", "a.slice:crio:x/y", "/kubepods/../etc", "../../etc", "/kubepods/./x", ".slice:crio:x"})
    void refused(String cgroupsPath) {
        assertThatThrownBy(() -> CgroupPath.of(cgroupsPath)).isInstanceOf(IllegalArgumentException.class)
                .message().isNotBlank();
    }

    @Test
    @DisplayName("item 58: crun's child cgroup belongs to the scope above it")
    void childOfTheScope() {
        assertThat(CgroupPath.upTo("/kubepods.slice/crio-1.scope/container", "crio-1.scope")).contains(Path.of("kubepods.slice/crio-1.scope"));
        assertThat(CgroupPath.upTo("/kubelet/kubepods/pod1/abc", "abc")).contains(Path.of("kubelet/kubepods/pod1/abc"));
        assertThat(CgroupPath.upTo("/system.slice/containerd.service", "abc")).isEmpty();
        assertThat(CgroupPath.upTo("/", "abc")).isEmpty();
    }
}
