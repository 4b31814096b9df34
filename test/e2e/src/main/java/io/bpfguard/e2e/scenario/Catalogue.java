package io.bpfguard.e2e.scenario;

import io.bpfguard.e2e.scenario.Trial.Errno;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The scenarios that are made of trials alone. */
public final class Catalogue {
    private Catalogue() {}

    /** A policy for pods labelled {@code app: NAME}. */
    static String policy(String name, String rules) {
        return """
                apiVersion: bpfguard.io/v1
                kind: ContainerPolicy
                metadata:
                  name: %s
                spec:
                  selector:
                    podLabels:
                      matchLabels:
                        app: %s
                """.formatted(name, name) + rules.indent(2);
    }

    /** A policy for pods labelled {@code app: NAME} that keeps files of the shared directory from being read and written. */
    static String keeping(String name, String... files) {
        String paths = Stream.of(files).map(file -> "/shared/" + file).collect(Collectors.joining(", "));
        return policy(name, """
                files:
                  - action: deny
                    paths: [%s]
                    operations: [read, write]
                """.formatted(paths));
    }

    static Scenario mounts() {
        String rules = """
                mounts:
                  - action: deny
                    types: [tmpfs]
                """;
        var tmpfs = new Effect.Mounted("tmpfs", "/m");
        return new TrialScenario("mounts", policy("mounts", rules), List.of(
                eperm("mount(2) of a tmpfs", "mounts", "mounts[0]", tmpfs, "/probes/mount", "new", "tmpfs", "/m"),
                eperm("fsopen chain for a tmpfs", "mounts", "mounts[0]", tmpfs, "/probes/mount", "fsopen", "tmpfs", "/m"),
                eperm("mount by the 32-bit entry", "mounts", "mounts[0]", tmpfs, "/probes/mount", "new/32", "tmpfs", "/m")),
                List.of(List.of("/bin/sh", "-c", "/probes/mount new ramfs /other && umount /other")));
    }

    static Scenario allMounts() {
        String rules = """
                mounts:
                  - action: deny
                    types: ["*"]
                """;
        return new TrialScenario("all-mounts", policy("all-mounts", rules), List.of(
                eperm("mount(2) of a ramfs", "all-mounts", "mounts[0]",
                        new Effect.Mounted("ramfs", "/m"), "/probes/mount", "new", "ramfs", "/m"),
                eperm("fsopen chain for a ramfs", "all-mounts", "mounts[0]",
                        new Effect.Mounted("ramfs", "/m"), "/probes/mount", "fsopen", "ramfs", "/m"),
                eperm("bind mount", "all-mounts", "mounts[0]",
                        new Effect.Mounted("", "/m"), "/probes/mount", "bind", "/shared", "/m"),
                eperm("cloned tree", "all-mounts", "mounts[0]",
                        new Effect.Mounted("", "/m"), "/probes/mount", "tree", "/shared", "/m")),
                List.of(List.of("/bin/cat", "/proc/mounts")));
    }

    static Scenario capabilities() {
        String rules = """
                capabilities:
                  - action: deny
                    names: [CAP_CHOWN, CAP_MKNOD]
                """;
        return new TrialScenario("capabilities", policy("capabilities", rules), List.of(
                eperm("chown", "capabilities", "capabilities[0]",
                        new Effect.FileChanged("owned"), "/probes/capability", "chown", "/shared/owned"),
                eperm("mknod", "capabilities", "capabilities[0]",
                        new Effect.FileMade("device"), "/probes/capability", "mknod", "/shared/device")),
                List.of(List.of("/probes/capability", "chroot", "/bin")));
    }

    static Scenario systemCalls() {
        String rules = """
                systemCalls:
                  - action: deny
                    names: [unshare, mount, splice, setns, capset]
                """;
        var tmpfs = new Effect.Mounted("tmpfs", "/m");
        return new TrialScenario("system-calls", policy("system-calls", rules), List.of(
                eperm("unshare of the mount namespace", "system-calls", "systemCalls[0]",
                        new ProcessEffect.OtherNamespace("mnt"), "/probes/namespace", "unshare", "mnt"),
                eperm("unshare of the user namespace", "system-calls", "systemCalls[0]",
                        new ProcessEffect.OtherNamespace("user"), "/probes/namespace", "unshare", "user"),
                eperm("mount", "system-calls", "systemCalls[0]", tmpfs, "/probes/mount", "new", "tmpfs", "/m"),
                eperm("mount by the 32-bit entry", "system-calls", "systemCalls[0]", tmpfs,
                        "/probes/mount", "new/32", "tmpfs", "/m"),
                eperm("splice", "system-calls", "systemCalls[0]",
                        new Effect.FileChanged("spliced"), "/probes/splice", "splice", "/etc/passwd", "/shared/spliced"),
                eperm("capset", "system-calls", "systemCalls[0]", new ProcessEffect.StatusIs("CapEff", "0+"), "/probes/identity", "capset")),
                List.of(
                        List.of("/probes/splice", "sendfile", "/etc/passwd", "/shared/sent"),
                        List.of("/bin/sh", "-c", "/probes/mount fsopen tmpfs /other && umount /other")));
    }

    static Scenario setns() {
        String rules = """
                systemCalls:
                  - action: deny
                    names: [setns]
                """;
        return new TrialScenario("setns", policy("setns", rules), List.of(
                eperm("setns", "setns", "systemCalls[0]", new ProcessEffect.JoinedNamespace("uts"), "/probes/namespace", "setns", "uts")),
                // The process to join has all capabilities, so one with fewer may not look at its namespaces.
                List.of(List.of("/probes/namespace", "unshare", "uts")), spec -> spec.capable("SYS_PTRACE"));
    }

    static Scenario functions() {
        String rules = """
                kernelFunctions:
                  - action: kill
                    names: [path_mount]
                """;
        return new TrialScenario("functions", policy("functions", rules), List.of(
                new Trial("a call of path_mount", List.of("/probes/mount", "new", "tmpfs", "/m"), Errno.KILL,
                        "functions", "kernelFunctions[0]", new Effect.Mounted("tmpfs", "/m"))),
                List.of(List.of("/probes/namespace", "unshare", "uts")));
    }

    /** Functions of the security layer: denied at the LSM hook that they are made of. */
    static Scenario functionDeny() {
        return deniedFunction("function-deny", "security_path_mkdir");
    }

    static TrialScenario deniedFunction(String name, String function) {
        String rules = """
                kernelFunctions:
                  - action: deny
                    names: [%s]
                """.formatted(function);
        return new TrialScenario(name, policy(name, rules), List.of(
                eperm("mkdir, by " + function, name, "kernelFunctions[0]",
                        new Effect.FileMade("directory"), "/probes/file", "mkdir", "/shared/directory")),
                List.of(List.of("/bin/sh", "-c", "echo x >/shared/other; rm /shared/other")));
    }

    static Scenario lsmHooks() {
        String rules = """
                lsmHooks:
                  - action: deny
                    names: [path_truncate, path_unlink, path_rename, path_link]
                """;
        var file = new Effect.FileChanged("named");
        return new TrialScenario("lsm-hooks", policy("lsm-hooks", rules),
                Stream.of("truncate", "unlink", "rename", "link").map(how -> eperm(how, "lsm-hooks", "lsmHooks[0]", file,
                        "/probes/file", how, "/shared/named")).toList(),
                List.of(List.of("/probes/file", "read", "/shared/named"), List.of("/probes/file", "append", "/shared/named")));
    }

    /** The first step of CVE-2022-0492: mounting the cgroup v1 hierarchy. */
    static Scenario cveMount() {
        String rules = """
                mounts:
                  - action: deny
                    types: [cgroup]
                """;
        return new TrialScenario("cve-2022-0492-mount", policy("cve-2022-0492-mount", rules), List.of(
                eperm("its mount of a cgroup v1 hierarchy", "cve-2022-0492-mount", "mounts[0]",
                        new Effect.ReleaseAgentSet("/m"), "/probes/cve-2022-0492", "/m")),
                List.of(
                        List.of("/bin/sh", "-c", "/probes/mount new tmpfs /other && umount /other"),
                        List.of("/bin/cat", "/sys/fs/cgroup/cgroup.procs")));
    }

    /** Its second step, for who has the hierarchy mounted already: opening release_agent for writing. */
    static Scenario cveRelease() {
        String rules = """
                files:
                  - action: deny
                    paths: ["/**/release_agent"]
                    operations: [write]
                """;
        return new TrialScenario("cve-2022-0492-write", policy("cve-2022-0492-write", rules), List.of(
                eperm("its write to release_agent", "cve-2022-0492-write", "files[0]",
                        new Effect.ReleaseAgentSet("/m"), "/probes/cve-2022-0492", "/m")),
                List.of(List.of("/bin/sh", "-c",
                        "mkdir -p /r && mount -t cgroup -o none,name=rel none /r && cat /r/release_agent && umount /r")));
    }

    private static Trial eperm(String title, String policy, String rule, Effect effect, String... command) {
        return new Trial(title, List.of(command), Errno.EPERM, policy, rule, effect);
    }
}
