package io.bpfguard.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupsTest {
    @TempDir
    private Path directory;

    private Cgroups cgroups;

    @BeforeEach
    void place() {
        cgroups = new Cgroups(directory.resolve("cgroup"), directory.resolve("proc"));
    }

    private long make(String cgroup) throws IOException {
        Path made = Files.createDirectories(cgroups.root().resolve(cgroup));
        return (Long) Files.getAttribute(made, "unix:ino");
    }

    private void process(long pid, String line) throws IOException {
        Files.writeString(Files.createDirectories(cgroups.proc().resolve(Long.toString(pid))).resolve("cgroup"), "1:name=x:/other\n" + line + "\n");
    }

    @Test
    @DisplayName("item 50: without a pid the planned path is the place")
    void byPath() throws IOException {
        long id = make("kubepods/pod1/abc");
        assertThat(cgroups.find(CgroupPath.of("/kubepods/pod1/abc"), 0)).hasValue(id);
    }

    @Test
    void byProcessWhereThePathIsRelativeToAnotherRoot() throws IOException {
        long id = make("nested/kubepods/pod1/abc");
        process(7, "0::/nested/kubepods/pod1/abc");
        assertThat(cgroups.find(CgroupPath.of("/kubepods/pod1/abc"), 7)).hasValue(id);
    }

    @Test
    @DisplayName("item 50: crun's process is in a child, the container is the scope")
    void theScopeNotItsChild() throws IOException {
        long id = make("nested/a.slice/crio-1.scope");
        make("nested/a.slice/crio-1.scope/container");
        process(7, "0::/nested/a.slice/crio-1.scope/container");
        assertThat(cgroups.find(CgroupPath.of("a.slice:crio:1"), 7)).hasValue(id);
    }

    @Test
    void absent() throws IOException {
        assertThat(cgroups.find(CgroupPath.of("/kubepods/pod1/abc"), 0)).isEmpty();
        assertThat(cgroups.find(CgroupPath.of("/kubepods/pod1/abc"), 9)).isEmpty();
        make("system.slice");
        process(7, "0::/system.slice");
        assertThat(cgroups.find(CgroupPath.of("/kubepods/pod1/abc"), 7)).isEmpty();
    }
}
