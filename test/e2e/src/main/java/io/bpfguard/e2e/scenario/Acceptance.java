package io.bpfguard.e2e.scenario;

import static io.bpfguard.e2e.scenario.Family.both;

import io.bpfguard.e2e.cri.ContainerSpec;
import io.bpfguard.e2e.scenario.Trial.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The known cases that a container guard must stop, each by its own policy, with what must go on beside it. */
final class Acceptance {
    private static final int ENOENT = 2;
    private static final int ENOEXEC = 8;

    private Acceptance() {}

    /** S01, cgroup release_agent (CVE-2022-0492), is {@link Catalogue#cveMount} and {@link Catalogue#cveRelease}. */
    static final List<Supplier<Scenario>> ALL = List.of(Acceptance::dirtyPipe, Acceptance::corePattern, Acceptance::blockDevice,
            Acceptance::moduleLoad, Acceptance::bpf, Acceptance::ptrace, Acceptance::memory, Acceptance::packetSockets, Acceptance::cryptoSockets,
            Acceptance::userNamespaces, Acceptance::fileless, Acceptance::accounts, Acceptance::metadata, Acceptance::nestedCgroup,
            Acceptance::sets);

    /** S02, CVE-2022-0847: the kernels here are patched, so only the call shows. */
    static Scenario dirtyPipe() {
        return new Family("s02-dirty-pipe", "systemCalls[0]", """
                systemCalls:
                  - {action: deny, names: [splice]}
                """)
                .ways(new Effect.FileRead("read-only"), "splice", both("dirty-pipe"), "/shared/read-only")
                .ways(new Effect.FileChanged("spliced"), "splice", both("splice"), "/etc/passwd", "/shared/spliced")
                .harmless("/bin/sh", "-c", "cat /etc/passwd | wc -c")
                .harmless("/probes/splice", "sendfile", "/etc/passwd", "/shared/sent")
                .harmless("/bin/cp", "/etc/passwd", "/shared/copied")
                .scenario();
    }

    /** S07: the kernel runs what core_pattern names, outside every container. By the usual mount of procfs, and by another. */
    static Scenario corePattern() {
        var set = new NodeEffect.CorePatternSet();
        var family = new Family("s07-core-pattern", "files[0]", """
                files:
                  - {action: deny, fileSystems: [proc], paths: ["/**/sys/kernel/core_pattern"], operations: [modify]}
                """)
                .in(ContainerSpec::asPrivileged)
                .ways(set, "file", both("set"), "/proc/sys/kernel/core_pattern", "core.probe");
        return family
                .add(new Trial("by a second mount of procfs",
                        List.of("/bin/sh", "-c", "mkdir -p /p && mount -t proc p /p && exec /probes/file set /p/sys/kernel/core_pattern core.probe"),
                        Errno.EPERM, "s07-core-pattern", "files[0]", set))
                .harmless("/bin/cat", "/proc/sys/kernel/core_pattern")
                .harmless("/bin/sh", "-c", "echo 10 >/proc/self/oom_score_adj")
                .scenario();
    }

    /** S11: the node's disk, around its file system. */
    static Scenario blockDevice() {
        var copied = new Effect.FileMade("copied");
        return new Family("s11-block-device", "files[0]", """
                files:
                  - {action: deny, devices: [{type: block}]}
                """)
                .in(ContainerSpec::asPrivileged)
                .ways(copied, "device", both("mknod"), "/tmp/node", "7", "0", "/shared/copied")
                .ways(copied, "device", both("open"), "/dev/loop0", "7", "0", "/shared/copied")
                .harmless("/bin/sh", "-c", "mkfifo /tmp/fifo; rm /tmp/fifo; echo x >/dev/null")
                .harmless("/bin/sh", "-c", "/probes/file bind /tmp/socket; rm /tmp/socket")
                .scenario();
    }

    /** S14: denied before the kernel looks at what it is given, so no module is needed to show it. */
    static Scenario moduleLoad() {
        var family = new Family("s14-modules", "kernelModules[0]", """
                kernelModules:
                  - {action: deny}
                """)
                .in(spec -> spec.capable("SYS_MODULE"));
        both("init-zeros", "finit-text").forEach(way -> family.add(family.way(new Effect.Nothing(), "module", way).freely(ENOEXEC)));
        both("delete").forEach(way -> family.add(family.way(new Effect.Nothing(), "module", way, "nosuch").freely(ENOENT)));
        return family.harmless("/bin/cat", "/proc/modules").harmless("/probes/run", "loader", "/probes/mark-dynamic", "/dev/null").scenario();
    }

    /** S15. */
    static Scenario bpf() {
        return new Family("s15-bpf", "bpf[0]", """
                bpf:
                  - {action: deny}
                """)
                .ways(new ProcessEffect.Holds("anon_inode:bpf-map"), "bpf", both("map-create"))
                .ways(new Effect.Nothing(), "bpf", both("prog-next-id"))
                .harmless("/probes/socket", "filter", "2", "2", "0")
                .scenario();
    }

    /** S19. */
    static Scenario ptrace() {
        return new Family("s19-ptrace", "tracing[0]", """
                tracing:
                  - {action: deny, operations: [attach]}
                """)
                .ways(new Effect.FileChanged("traced"), "trace", both("seize", "attach", "traceme"), "/shared/traced")
                .harmless("/bin/sh", "-c", "sleep 100 & kill -0 $! && kill $! && ps && cat /proc/self/stat /proc/self/status")
                .harmless("/bin/cat", "/proc/1/stat")
                .scenario();
    }

    /** S20: the memory of others, and one's own as Dirty COW used it. */
    static Scenario memory() {
        var traced = new Effect.FileChanged("traced");
        var family = new Family("s20-memory", "tracing[0]", """
                tracing:
                  - {action: deny, operations: [attach]}
                files:
                  - {action: deny, fileSystems: [proc], paths: ["/**/mem"], operations: [write]}
                """)
                .ways(traced, "trace", both("vm_writev"), "/shared/traced");
        // The file rule comes first; without it these say EACCES.
        both("mem", "self-mem", "thread-mem").forEach(
                way -> family.add(family.way(traced, "trace", way, "/shared/traced").by("files[0]")));
        return family.harmless("/bin/cat", "/proc/self/maps").scenario();
    }

    /** S24: CVE-2020-14386, CVE-2017-7308, CVE-2016-8655. */
    static Scenario packetSockets() {
        var socket = new ProcessEffect.Holds("socket:.*");
        return new Family("s24-packet", "network[0]", """
                network:
                  - {action: deny, operations: [create], families: [packet]}
                """)
                .in(spec -> spec.capable("NET_RAW"))
                .ways(socket, "socket", both("new"), "17", "2", "0")
                .ways(socket, "socket", both("ring"), "17", "3", "0")
                .harmless("/probes/socket", "new", "2", "1", "0")
                .harmless("/probes/socket", "new", "1", "1", "0")
                .scenario();
    }

    /** S25, "Copy Fail", CVE-2026-31431. */
    static Scenario cryptoSockets() {
        var socket = new ProcessEffect.Holds("socket:.*");
        return new Family("s25-crypto", "network[0]", """
                network:
                  - {action: deny, operations: [create], families: [alg]}
                """)
                .ways(socket, "socket", both("new", "alg"), "38", "5", "0")
                .harmless("/probes/socket", "new", "2", "1", "0")
                .harmless("/bin/dd", "if=/dev/urandom", "of=/dev/null", "count=1")
                .scenario();
    }

    /** S29: by root and by somebody without privilege. */
    static Scenario userNamespaces() {
        var effect = new ProcessEffect.OtherNamespace("user");
        var family = new Family("s29-user-namespaces", "namespaces[0]", """
                namespaces:
                  - {action: deny, kinds: [user]}
                """)
                .ways(effect, "namespace", both("unshare", "clone", "clone3"), "user");
        for (String way : List.of("unshare", "clone", "clone3")) {
            family.add(new Trial("namespace " + way + " without privilege",
                    List.of("/probes/identity", "as", "4711", "/probes/namespace", way, "user"),
                    Errno.EPERM, "s29-user-namespaces", "namespaces[0]", effect));
        }
        return family
                .harmless("/bin/sh", "-c", "(true) & wait")
                .harmless("/probes/namespace", "unshare", "uts")
                .harmless("/probes/run", "execve", "/bin/true")
                .scenario();
    }

    /** S35. */
    static Scenario fileless() {
        return new Family("s35-fileless", "processes[0]", """
                processes:
                  - {action: deny, origins: [memory]}
                """)
                .ways(new Effect.FileChanged("marked"), "run", both("memfd", "memfd-procfd"), "/probes/mark", "/shared/marked")
                .harmless("/probes/run", "execve", "/bin/true")
                .harmless("/probes/run", "map", "/probes/mark", "/shared/marked")
                .scenario();
    }

    /** S36: eight ways to change the accounts. */
    static Scenario accounts() {
        String passwd = "/etc/passwd";
        var changed = new ContainerEffect.OwnFileChanged(passwd);
        return new Family("s36-accounts", "files[0]", """
                files:
                  - {action: deny, paths: [/etc/passwd, /etc/shadow], operations: [modify]}
                """)
                .ways(changed, "file", both("append", "truncate", "rename-over", "replace", "link", "setxattr", "chmod", "chown"), passwd)
                .ways(changed, "open", both("creat"), passwd)
                .ways(changed, "mount", both("bind"), "/etc/group", passwd)
                .harmless("/bin/cat", passwd)
                .harmless("/bin/id", "nobody")
                .harmless("/bin/sh", "-c", "echo x >/tmp/passwd; rm /tmp/passwd")
                .scenario();
    }

    /** S49: the addresses at which clouds give a node's credentials away. */
    static Scenario metadata() {
        var family = new Family("s49-metadata", "network[0]", """
                network:
                  - action: deny
                    operations: [connect, send]
                    addresses: [169.254.169.254/32, "fd00:ec2::254/128", 100.100.100.200/32, 192.0.0.192/32, 100.96.0.96/32]
                """);
        for (var address : Listeners.METADATA) {
            Stream.of("connect", "sendto").forEach(way -> family.add(new Trial(way + " to " + address.host(),
                    List.of("/probes/connect", way, address.host(), "80"), Errno.EPERM, "s49-metadata", "network[0]",
                    new NodeEffect.Reached(address))));
        }
        return family
                .harmless("/probes/connect", "sendto", "169.254.20.10", "53")
                .harmless("/probes/connect", "connect", "10.96.0.10", "80")
                .scenario();
    }

    /** B01: from cgroups that the container makes itself, three deep. */
    static Scenario nestedCgroup() {
        String nest = """
                d=/sys/fs/cgroup
                for n in one two three; do d=$d/$n; mkdir -p $d; done
                echo 0 >$d/cgroup.procs && exec /probes/file %s /etc/passwd
                """;
        var family = new Family("b01-nested-cgroup", "files[0]", """
                files:
                  - {action: deny, paths: [/etc/passwd], operations: [write]}
                """)
                .in(ContainerSpec::asPrivileged);
        return family
                .add(new Trial("an append from a nested cgroup", List.of("/bin/sh", "-c", nest.formatted("append")), Errno.EPERM,
                        "b01-nested-cgroup", "files[0]", new ContainerEffect.OwnFileChanged("/etc/passwd")))
                .harmless("/bin/sh", "-c", nest.formatted("read"))
                .scenario();
    }

    static List<String> allNames() {
        return ALL.stream().map(each -> each.get().name()).toList();
    }

    /** The library's sets on the same pods: an ordinary workload goes on under them. */
    static Scenario sets() {
        String selector = "  selector:\n    podLabels:\n      matchLabels:\n        app: library-sets\n";
        String policies = Stream.of("baseline", "restricted").map(name -> text(Path.of("policies/library", name + ".yaml")))
                .map(text -> text.replace("\nspec:\n", "\nspec:\n" + selector)).collect(Collectors.joining("---\n"));
        return new TrialScenario("library-sets", policies, List.of(
                new Trial("mounting", List.of("/probes/mount", "new", "tmpfs", "/m"), Errno.EPERM, "restricted", "mounts[0]",
                        new Effect.Mounted("tmpfs", "/m")),
                new Trial("the metadata service", List.of("/probes/connect", "connect", "169.254.169.254", "80"), Errno.EPERM, "baseline", "network[0]",
                        new NodeEffect.Reached(Listeners.METADATA.getFirst()))),
                List.of(List.of("/bin/sh", "-c", "sleep 100 & kill $!; wait $!; echo x >/shared/other && cat /shared/other && rm /shared/other"),
                        List.of("/bin/ps"), List.of("/bin/cat", "/etc/passwd", "/proc/self/status"),
                        List.of("/probes/socket", "new", "2", "1", "0"), List.of("/probes/run", "execve", "/bin/true")));
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
