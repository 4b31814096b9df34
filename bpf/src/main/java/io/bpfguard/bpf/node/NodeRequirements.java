package io.bpfguard.bpf.node;

import io.bpfguard.bpf.libbpf.BpfFs;
import io.bpfguard.bpf.libbpf.Syscalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What must be there before anything can be enforced.
 *
 * @param proc where procfs is mounted
 * @param sys where sysfs is mounted
 */
public record NodeRequirements(Path proc, Path sys) {
    /** The usual places. */
    public static final NodeRequirements HERE = new NodeRequirements(Path.of("/proc"), Path.of("/sys"));

    /** What is missing, one sentence each that says what to do; empty when all is there. */
    public List<String> missing() {
        List<String> missing = new ArrayList<>();
        Path cgroups = sys.resolve("fs/cgroup");
        if (!hasMagic(cgroups, Syscalls.CGROUP2_SUPER_MAGIC)) {
            missing.add(cgroups + " is not a cgroup v2 hierarchy: BPFGuard knows containers by their v2 cgroup; boot with systemd.unified_cgroup_hierarchy=1 and without cgroup v1 controllers");
        }
        if (!Files.isReadable(sys.resolve("kernel/btf/vmlinux"))) {
            missing.add(sys.resolve("kernel/btf/vmlinux") + " is absent: the kernel was built without CONFIG_DEBUG_INFO_BTF; use a distribution's kernel from 2021 or later");
        }
        missing.addAll(lsm(sys.resolve("kernel/security/lsm")));
        Path bpffs = sys.resolve("fs/bpf");
        if (!hasMagic(bpffs, BpfFs.BPF_FS_MAGIC)) {
            missing.add(bpffs + " is not a bpffs: mount it with \"mount -t bpf bpf " + bpffs + "\"");
        }
        Path ftrace = proc.resolve("sys/kernel/ftrace_enabled");
        if ("0".equals(read(ftrace))) {
            missing.add(ftrace + " is 0, which switches every BPF LSM program off: write 1 to it, and find out who wrote 0");
        }
        Path pointers = proc.resolve("sys/kernel/kptr_restrict");
        if ("2".equals(read(pointers))) {
            missing.add(pointers + " is 2, which hides the kernel's addresses from root too, and BPFGuard reads its rename_lock and mount_lock: write 1 to it, for good in /etc/sysctl.d");
        }
        missing.addAll(preemption());
        return missing;
    }

    /**
     * Before 6.2, bpf_task_storage_get finds nothing while another task that was preempted on the same CPU is inside it
     * (bpf_task_storage_busy, kernel/bpf/bpf_task_storage.c): a labelled task would for a moment pass for an unlabelled one. It
     * cannot be preempted there unless the kernel preempts kernel code.
     */
    private List<String> preemption() {
        String release = read(proc.resolve("sys/kernel/osrelease"));
        String version = read(proc.resolve("sys/kernel/version"));
        boolean full = version.contains("PREEMPT_RT") || version.matches(".*\\bPREEMPT\\b.*")
                || version.contains("PREEMPT_DYNAMIC") && read(proc.resolve("cmdline")).contains("preempt=full");
        if (full && isBefore62(release)) {
            return List.of("kernel " + release + " preempts kernel code, and before 6.2 task storage cannot be relied on then: boot with preempt=voluntary, or use a newer kernel");
        }
        return List.of();
    }

    private static boolean isBefore62(String release) {
        String[] parts = release.split("[.-]", 3);
        try {
            int major = Integer.parseInt(parts[0]);
            return major < 6 || major == 6 && Integer.parseInt(parts[1]) < 2;
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException odd) {
            return false;
        }
    }

    private List<String> lsm(Path list) {
        String names = read(list);
        if (names.isEmpty()) {
            return List.of(list + " cannot be read: mount securityfs with \"mount -t securityfs securityfs " + sys.resolve("kernel/security") + "\"");
        }
        if (!Arrays.asList(names.split(",")).contains("bpf")) {
            return List.of("the kernel's active security modules are \"" + names + "\", without bpf: add \"lsm=" + names + ",bpf\" to the kernel command line and reboot");
        }
        return List.of();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException absent) {
            return "";
        }
    }

    private static boolean hasMagic(Path path, long magic) {
        return Files.isDirectory(path) && Syscalls.fileSystemMagic(path) == magic;
    }
}
