package io.bpfguard.bpf.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeRequirementsTest {
    @TempDir
    private Path directory;

    private NodeRequirements node;

    @BeforeEach
    void goodNode() throws IOException {
        node = new NodeRequirements(directory.resolve("proc"), directory.resolve("sys"));
        write(node.sys().resolve("kernel/btf/vmlinux"), "");
        write(node.sys().resolve("kernel/security/lsm"), "lockdown,yama,bpf");
        write(node.proc().resolve("sys/kernel/ftrace_enabled"), "1\n");
        write(node.proc().resolve("sys/kernel/osrelease"), "6.12.1-amd64\n");
        write(node.proc().resolve("sys/kernel/version"), "#1 SMP PREEMPT_DYNAMIC Debian\n");
        write(node.proc().resolve("cmdline"), "quiet\n");
        Files.createDirectories(node.sys().resolve("fs/cgroup"));
        Files.createDirectories(node.sys().resolve("fs/bpf"));
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** Ordinary directories are neither a cgroup nor a bpf file system; nothing else is missing. */
    @Test
    void fileSystems() {
        List<String> missing = node.missing();
        assertThat(missing).hasSize(2);
        assertThat(missing.get(0)).contains("fs/cgroup is not a cgroup v2 hierarchy", "systemd.unified_cgroup_hierarchy=1");
        assertThat(missing.get(1)).contains("fs/bpf is not a bpffs", "mount -t bpf bpf");
    }

    @Test
    void hiddenAddresses() throws IOException {
        write(node.proc().resolve("sys/kernel/kptr_restrict"), "1\n");
        assertThat(node.missing()).hasSize(2);
        write(node.proc().resolve("sys/kernel/kptr_restrict"), "2\n");
        assertThat(node.missing()).anySatisfy(sentence -> assertThat(sentence).contains("kptr_restrict is 2", "write 1 to it"));
    }

    @Test
    void noBtf() throws IOException {
        Files.delete(node.sys().resolve("kernel/btf/vmlinux"));
        assertThat(node.missing()).anySatisfy(sentence -> assertThat(sentence).contains("btf/vmlinux is absent", "CONFIG_DEBUG_INFO_BTF"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"lockdown,yama|lsm=lockdown,yama,bpf", "bpfx,yama|lsm=bpfx,yama,bpf"})
    void bpfIsNoSecurityModule(String modules, String remedy) throws IOException {
        write(node.sys().resolve("kernel/security/lsm"), modules + "\n");
        assertThat(node.missing()).anySatisfy(sentence -> assertThat(sentence).contains("without bpf", remedy));
    }

    @Test
    void noSecurityFs() throws IOException {
        Files.delete(node.sys().resolve("kernel/security/lsm"));
        assertThat(node.missing()).anySatisfy(sentence -> assertThat(sentence).contains("mount -t securityfs"));
    }

    @Test
    void ftraceIsOff() throws IOException {
        write(node.proc().resolve("sys/kernel/ftrace_enabled"), "0\n");
        assertThat(node.missing()).anySatisfy(sentence -> assertThat(sentence).contains("ftrace_enabled is 0"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "6.1.0-56-amd64|#1 SMP PREEMPT_DYNAMIC Debian|preempt=full|true",
        "6.1.0-56-amd64|#1 SMP PREEMPT_DYNAMIC Debian|quiet|false",
        "6.1.0-rt|#1 SMP PREEMPT_RT Debian|quiet|true",
        "5.19.0|#1 SMP PREEMPT Debian|quiet|true",
        "6.2.0|#1 SMP PREEMPT Debian|preempt=full|false",
        "7.2.12+deb14-amd64|#1 SMP PREEMPT_RT Debian|preempt=full|false",
    })
    void preemptionBeforeTaskStorageCouldBearIt(String release, String version, String commandLine, boolean refused) throws IOException {
        write(node.proc().resolve("sys/kernel/osrelease"), release + "\n");
        write(node.proc().resolve("sys/kernel/version"), version + "\n");
        write(node.proc().resolve("cmdline"), "root=/dev/vda " + commandLine + "\n");
        assertThat(node.missing().stream().anyMatch(sentence -> sentence.contains("task storage cannot be relied on"))).isEqualTo(refused);
    }
}
