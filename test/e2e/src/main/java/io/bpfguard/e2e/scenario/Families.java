package io.bpfguard.e2e.scenario;

import static io.bpfguard.e2e.scenario.Family.both;

import io.bpfguard.e2e.cri.ContainerSpec;
import io.bpfguard.e2e.scenario.Trial.Errno;
import java.util.List;
import java.util.function.Supplier;

/**
 * Behaviours that a rule names, each with every way to do it: by all system calls that have it, by both entries of the kernel, and by
 * io_uring where that has it. One rule denies them all with one errno.
 */
final class Families {
    private static final int ENOENT = 2;
    private static final int ENODEV = 19;
    private static final int EAFNOSUPPORT = 97;
    private static final int ENOKEY = 126;
    private static final String SECRET = "/shared/vault/secret";
    private static final String NEW = "/shared/vault/new";
    private static final Effect CHANGED = new Effect.FileChanged("vault/secret");
    private static final Effect MADE = new Effect.FileMade("vault/new");

    private Families() {}

    static final List<Supplier<Scenario>> ALL = List.of(Families::opening, Families::writing, Families::names, Families::executing,
            Families::mounting, Families::mountSources, Families::mountFlags, Families::mountDefault, Families::connecting, Families::sockets, Families::namespaces, Families::namespaceKinds,
            Families::identity, Families::capabilitySets, Families::tracing, Families::reading, Families::aliases, Families::modules, Families::bpf, Families::keys, Families::rings, Families::signals, Families::signalTargets,
            Families::devices);

    static Scenario opening() {
        return new Family("opening", "files[0]", """
                files:
                  - {action: deny, paths: ["/shared/vault/**"]}
                """)
                .in(spec -> spec.capable("DAC_READ_SEARCH"))
                .ways(CHANGED, "open", both("open", "openat", "openat2", "creat", "handle", "opath", "reopen", "dirfd", "chdir"), SECRET)
                .ways(CHANGED, "open", both("uring", "uring2", "uring-async", "uring-poll", "uring-slot"), SECRET)
                .ways(MADE, "open", both("create", "tmpfile", "uring-create"), NEW)
                .harmless("/bin/cat", "/etc/passwd")
                .harmless("/bin/sh", "-c", "echo x >/shared/other; rm /shared/other")
                .scenario();
    }

    static Scenario writing() {
        return new Family("writing", "files[0]", """
                files:
                  - {action: deny, paths: ["/shared/vault/**"], operations: [modify]}
                """)
                .ways(CHANGED, "write", both("truncate", "ftruncate", "fallocate", "mmap", "mem", "pwrite", "writev", "splice", "vmsplice",
                        "sendfile", "copy"), SECRET)
                .ways(CHANGED, "write", List.of("truncate64/32", "aio"), SECRET)
                .ways(CHANGED, "write", both("uring-write", "uring-writev", "uring-splice", "uring-fallocate"), SECRET)
                .harmless("/bin/cat", SECRET)
                .harmless("/bin/sh", "-c", "echo x >/shared/other; /probes/write truncate /shared/other; rm /shared/other")
                .scenario();
    }

    static Scenario names() {
        var attribute = new Effect.AttributeSet("vault/secret");
        var family = new Family("names", "files[0]", """
                files:
                  - {action: deny, paths: ["/shared/vault/**"], operations: [modify]}
                """)
                .ways(CHANGED, "file", both("unlink", "unlinkat", "uring-unlink", "rename", "renameat", "renameat2", "uring-rename",
                        "link", "linkat", "link-fd", "uring-link"), SECRET)
                .ways(CHANGED, "file", both("chmod", "fchmod", "fchmodat", "chown", "lchown", "fchown", "fchownat", "acl"), SECRET)
                .ways(attribute, "file", both("setxattr", "lsetxattr", "fsetxattr", "uring-setxattr"), SECRET)
                .ways(new Effect.AttributeGone("vault/secret"), "file", both("removexattr"), SECRET)
                .ways(MADE, "file", both("symlink", "symlinkat", "uring-symlink", "mkdir", "mkdirat", "uring-mkdir", "mknod", "mknodat",
                        "bind"), NEW)
                .ways(new Effect.DirectoryGone("vault/directory"), "file", both("rmdir", "uring-rmdir"), "/shared/vault/directory");
        both("fchmodat2").forEach(way -> family.add(family.way(CHANGED, "file", way, SECRET).since("6.6")));
        both("setxattrat").forEach(way -> family.add(family.way(attribute, "file", way, SECRET).since("6.13")));
        return family
                .harmless("/bin/cat", SECRET)
                .harmless("/bin/sh", "-c", "echo x >/shared/other; chmod 600 /shared/other; mv /shared/other /shared/moved; rm /shared/moved")
                .scenario();
    }

    static Scenario executing() {
        String mark = "/probes/mark", dynamic = "/probes/mark-dynamic", marked = "/shared/marked";
        var effect = new Effect.FileChanged("marked");
        var family = new Family("executing", "processes[0]", """
                processes:
                  - {action: deny, paths: [/probes/mark, /probes/mark-dynamic], operations: [exec, map]}
                  - {action: deny, origins: [memory, deleted]}
                """)
                .ways(effect, "run", both("execve", "execveat", "fd", "procfd", "script", "map", "mprotect", "personality"), mark, marked);
        both("memfd", "memfd-procfd", "deleted").forEach(
                way -> family.add(family.way(effect, "run", way, mark, marked).by("processes[1]")));
        // The loader starts, and says in its own way that it cannot map the program.
        both("loader").forEach(way -> family.add(family.way(effect, "run", way, dynamic, marked).denied(127)));
        return family
                .harmless("/bin/true")
                .harmless("/probes/run", "fd", "/bin/busybox", "true")
                .harmless("/bin/cat", mark)
                .scenario();
    }

    static Scenario mounting() {
        var changed = new ContainerEffect.MountsChanged();
        var family = new Family("mounting", "mounts[0]", """
                mounts:
                  - {action: deny}
                """)
                .ways(changed, "mount", both("new", "fsopen"), "tmpfs", "/m/new")
                .ways(changed, "mount", both("bind", "rbind", "tree"), "/shared", "/m/new")
                .ways(changed, "mount", both("move", "move_mount"), "/m/old", "/m/new")
                .ways(changed, "mount", both("remount", "reconfigure", "fspick", "setattr", "shared", "umount", "detach"), "/m/old")
                .ways(new Effect.Nothing(), "mount", both("detached"), "/shared")
                .ways(new ProcessEffect.OtherRoot(), "mount", both("pivot"), "/shared");
        both("tree_attr").forEach(way -> family.add(family.way(new Effect.Nothing(), "mount", way, "/shared").since("6.15")));
        return family
                .harmless("/bin/cat", "/proc/self/mountinfo")
                .harmless("/probes/namespace", "unshare", "mnt")
                .scenario();
    }

    /** What is mounted from this source; not what has another, or none. */
    static Scenario mountSources() {
        return new Family("mount-sources", "mounts[0]", """
                mounts:
                  - {action: deny, sources: ["pro*"]}
                """)
                .ways(new ContainerEffect.MountsChanged(), "mount", both("new", "fsopen"), "tmpfs", "/m/new")
                .harmless("/bin/sh", "-c", "/probes/mount bind /bin /b && umount /b")
                .harmless("/bin/sh", "-c", "mkdir -p /b && mount -t tmpfs other /b && umount /b")
                .scenario();
    }

    /** Whatever no rule allows. */
    static Scenario mountDefault() {
        var changed = new ContainerEffect.MountsChanged();
        return new Family("mount-default", "defaults.mounts", """
                defaults: {mounts: deny}
                mounts:
                  - {action: allow, types: [tmpfs]}
                """)
                .ways(changed, "mount", both("new", "fsopen"), "proc", "/m/new")
                .ways(changed, "mount", both("bind", "rbind", "tree"), "/shared", "/m/new")
                .ways(changed, "mount", both("move", "move_mount"), "/m/old", "/m/new")
                .ways(changed, "mount", both("remount", "reconfigure", "setattr", "umount"), "/m/old")
                .harmless("/bin/sh", "-c", "mkdir -p /b && mount -t tmpfs other /b")
                .harmless("/bin/cat", "/proc/self/mountinfo")
                .scenario();
    }

    /** What is mounted with these flags, and what may set them. */
    static Scenario mountFlags() {
        var changed = new ContainerEffect.MountsChanged();
        return new Family("mount-flags", "mounts[0]", """
                mounts:
                  - {action: deny, types: [tmpfs, remount], flags: [rw, exec]}
                """)
                .ways(changed, "mount", both("new", "fsopen"), "tmpfs", "/m/new")
                .ways(changed, "mount", both("fspick", "setattr"), "/m/old")
                .harmless("/bin/sh", "-c", "/probes/mount bind /bin /b && umount /b")
                .harmless("/bin/sh", "-c", "mkdir -p /b && mount -t tmpfs -o ro,noexec other /b && umount /b")
                .scenario();
    }

    static Scenario connecting() {
        var four = new NodeEffect.Reached(Listeners.METADATA.get(0));
        var six = new NodeEffect.Reached(Listeners.METADATA.get(1));
        String ip = "169.254.169.254", mapped = "::ffff:169.254.169.254", ip6 = "fd00:ec2::254", port = "80";
        String[] tcp = {"connect", "fastopen", "fastopen-msg", "fastopen-mmsg", "fastopen-connect", "mptcp", "uring", "uring-fastopen"};
        String[] udp = {"udp", "sendto", "sendmsg", "sendmmsg", "uring-sendto", "uring-sendmsg"};
        var family = new Family("connecting", "network[0]", """
                network:
                  - {action: deny, operations: [connect, send], addresses: [169.254.169.254/32, "fd00:ec2::254/128"]}
                """);
        for (String[] ways : List.of(tcp, udp)) {
            titled(family, "IPv4", four, both(ways), ip, port);
            titled(family, "IPv6", six, both(ways), ip6, port);
            titled(family, "IPv4 mapped", four, both(ways), mapped, port);
        }
        titled(family, "IPv4", four, both("raw", "unspec", "unspec-msg", "v4-on-v6", "v4-on-v6-udp"), ip, port);
        titled(family, "IPv6", six, both("raw"), ip6, port);
        titled(family, "IPv4", four, List.of("socketcall/32", "socketcall-sendto/32"), ip, port);
        titled(family, "IPv6", six, List.of("socketcall/32", "socketcall-sendto/32"), ip6, port);
        both("mptcp-fastopen").forEach(way -> family.add(family.way(four, "connect", way, ip, port).since("6.2")));
        return family
                .harmless("/probes/connect", "connect", "10.96.0.10", "80")
                .harmless("/probes/connect", "sendto", "169.254.20.10", "53")
                .scenario();
    }

    private static void titled(Family family, String kind, Effect effect, List<String> ways, String address, String port) {
        for (String way : ways) {
            var trial = family.way(effect, "connect", way, address, port);
            family.add(new Trial(trial.title() + " by " + kind, trial.command(), trial.errno(), trial.policy(), trial.rule(), effect));
        }
    }

    static Scenario sockets() {
        var socket = new ProcessEffect.Holds("socket:.*");
        return new Family("sockets", "network[0]", """
                network:
                  - {action: deny, operations: [create], families: [packet, alg]}
                """)
                .in(spec -> spec.capable("NET_RAW"))
                .ways(socket, "socket", both("new", "uring", "ring"), "17", "3", "0")
                .ways(socket, "socket", both("new", "alg"), "38", "5", "0")
                .ways(socket, "socket", List.of("socketcall/32"), "17", "3", "0")
                .harmless("/probes/socket", "new", "2", "1", "0")
                .harmless("/probes/socket", "pair", "1", "1", "0")
                .scenario();
    }

    static Scenario namespaces() {
        var family = new Family("namespaces", "namespaces[0]", """
                namespaces:
                  - {action: deny}
                """)
                .in(spec -> spec.capable("SYS_PTRACE", "SYS_CHROOT"));
        for (String kind : List.of("user", "mnt", "uts", "net", "ipc", "pid", "cgroup", "time")) {
            var made = kind.equals("time") ? both("unshare", "clone3") : both("unshare", "clone", "clone3");
            made.forEach(way -> family.add(namespace(family, new ProcessEffect.OtherNamespace(kind), way, kind)));
            both("setns", "setns-pidfd").forEach(
                    way -> family.add(namespace(family, new ProcessEffect.JoinedNamespace(kind), way, kind)));
        }
        return family
                .harmless("/bin/sh", "-c", "(true) & wait")
                .harmless("/probes/run", "execve", "/bin/true")
                .scenario();
    }

    /** Some kinds of namespaces, and not the others. */
    static Scenario namespaceKinds() {
        var family = new Family("namespace-kinds", "namespaces[0]", """
                namespaces:
                  - {action: deny, kinds: [net, uts], operations: [create]}
                """);
        for (String kind : List.of("net", "uts")) {
            both("unshare", "clone", "clone3").forEach(
                    way -> family.add(namespace(family, new ProcessEffect.OtherNamespace(kind), way, kind)));
        }
        List.of("mnt", "ipc", "pid", "cgroup", "user").forEach(kind -> family.harmless("/probes/namespace", "unshare", kind));
        return family.harmless("/probes/namespace", "clone3", "ipc").harmless("/probes/namespace", "unshare/32", "ipc").scenario();
    }

    private static Trial namespace(Family family, Effect effect, String way, String kind) {
        var trial = family.way(effect, "namespace", way, kind);
        return new Trial(trial.title() + " " + kind, trial.command(), trial.errno(), trial.policy(), trial.rule(), effect);
    }

    /** Becoming another user or group. */
    static Scenario identity() {
        return new Family("identity", "lsmHooks[0]", """
                lsmHooks:
                  - {action: deny, names: [task_fix_setuid, task_fix_setgid, task_fix_setgroups]}
                """)
                .ways(new ProcessEffect.OtherStatus("Uid"), "identity", both("setuid", "setreuid", "setresuid", "setfsuid"))
                .ways(new ProcessEffect.OtherStatus("Uid"), "identity", List.of("uid16/32"))
                .ways(new ProcessEffect.OtherStatus("Gid"), "identity", both("setgid", "setregid", "setresgid", "setfsgid"))
                .ways(new ProcessEffect.OtherStatus("Gid"), "identity", List.of("gid16/32"))
                .ways(new ProcessEffect.OtherStatus("Groups"), "identity", both("setgroups"))
                .harmless("/bin/id")
                .harmless("/probes/identity", "capset")
                .scenario();
    }

    /** Another set of capabilities. */
    static Scenario capabilitySets() {
        return new Family("capability-sets", "lsmHooks[0]", """
                lsmHooks:
                  - {action: deny, names: [capset]}
                """)
                .ways(new ProcessEffect.StatusIs("CapEff", "0+"), "identity", both("capset"))
                .ways(new ProcessEffect.OtherStatus("CapAmb"), "identity", both("ambient"))
                .harmless("/bin/id")
                .scenario();
    }

    static Scenario tracing() {
        var traced = new Effect.FileChanged("traced");
        var family = new Family("tracing", "tracing[0]", """
                tracing:
                  - {action: deny}
                """)
                .in(spec -> spec.capable("SYS_PTRACE"))
                .ways(traced, "trace", both("seize", "attach", "traceme", "vm_writev", "vm_readv", "getfd"), "/shared/traced")
                .ways(new Effect.Nothing(), "trace", both("kcmp"), "/shared/traced");
        // These files say EACCES whatever the reason is.
        both("mem", "mem-read", "environ").forEach(
                way -> family.add(family.way(traced, "trace", way, "/shared/traced").with(Errno.EACCES)));
        return family
                .ways(traced, "trace", both("self-mem", "thread-mem"), "/shared/traced")
                .harmless("/bin/cat", "/proc/self/maps")
                .harmless("/bin/ps")
                .harmless("/bin/kill", "-0", "1")
                .scenario();
    }

    /** What only shows something of processes. */
    static Scenario reading() {
        var shown = new Effect.FileChanged("traced");
        var family = new Family("tracing-read", "tracing[0]", """
                tracing:
                  - {action: deny, operations: [read]}
                """)
                .in(spec -> spec.capable("SYS_PTRACE", "PERFMON"))
                .ways(new ProcessEffect.Holds("anon_inode:.?perf_event.?"), "trace", both("perf"))
                .ways(new Effect.Nothing(), "trace", both("kcmp"), "/shared/traced");
        both("environ").forEach(way -> family.add(family.way(shown, "trace", way, "/shared/traced").with(Errno.EACCES)));
        return family
                .harmless("/probes/trace", "seize", "/shared/traced")
                .harmless("/probes/trace", "vm_writev", "/shared/traced")
                .harmless("/bin/cat", "/proc/self/maps")
                .scenario();
    }

    static Scenario aliases() {
        return new Family("aliases", "files[0]", """
                files:
                  - {action: deny, paths: ["/shared/vault/secret"]}
                """)
                .ways(CHANGED, "alias", both("symlink", "symlink-dir", "dotdot", "proc-root", "proc-cwd", "link", "link-fd", "bind", "bind-dir",
                        "tree", "tree-move", "chroot", "rename", "rename-dir", "exchange-dir", "unmounted", "userns-bind"), SECRET)
                .ways(new Effect.FileChanged("leaked"), "alias", both("overlay"), SECRET, "/shared/leaked")
                .harmless("/bin/sh", "-c", "echo x >/shared/one; ln /shared/one /shared/two; rm /shared/one /shared/two")
                .harmless("/bin/sh", "-c", "/probes/mount bind /bin /b && umount /b")
                .harmless("/probes/capability", "chroot", "/bin")
                .scenario();
    }

    /** The module is one that nothing else needs; its file is there for containers. */
    static Scenario modules() {
        var loaded = new NodeEffect.ModuleLoaded("nlmon");
        var family = new Family("modules", "kernelModules[0]", """
                kernelModules:
                  - {action: deny}
                """)
                .in(spec -> spec.capable("SYS_MODULE", "SYS_BOOT"))
                .ways(loaded, "module", both("init", "finit"), "/shared/module.ko")
                .ways(new NodeEffect.ModuleGone("nlmon"), "module", both("delete"), "nlmon")
                .ways(new NodeEffect.KexecLoaded(), "module", both("kexec"))
                .ways(new NodeEffect.KexecLoaded(), "module", List.of("kexec-file"), "/shared/kernel");
        // Who asked for what the kernel lacks is told that it is not there.
        both("autoload-mount").forEach(way -> family.add(family.way(new NodeEffect.ModuleLoaded("minix"), "module", way, "minix", "/tmp").freely(ENOENT).denied(ENODEV)));
        both("autoload-socket").forEach(way -> family.add(family.way(new NodeEffect.ModuleLoaded("tipc"), "module", way, "30", "4").denied(EAFNOSUPPORT)));
        return family
                .harmless("/bin/cat", "/proc/modules")
                .scenario();
    }

    static Scenario bpf() {
        return new Family("bpf", "bpf[0]", """
                bpf:
                  - {action: deny}
                """)
                .in(spec -> spec.capable("BPF", "PERFMON", "NET_ADMIN"))
                .ways(new ProcessEffect.Holds("anon_inode:bpf-map"), "bpf", both("map-create"))
                .ways(new ProcessEffect.Holds("anon_inode:bpf-prog"), "bpf", both("prog-load", "prog-fd-by-id"))
                .ways(new ProcessEffect.Holds("anon_inode:.?btf.?"), "bpf", both("btf-load"))
                .ways(new ProcessEffect.Holds("anon_inode:.?bpf-stats.?"), "bpf", both("stats"))
                .ways(new Effect.Nothing(), "bpf", both("prog-next-id", "prog-query"))
                .harmless("/probes/socket", "new", "2", "1", "0")
                .scenario();
    }

    static Scenario keys() {
        var family = new Family("keys", "keys[0]", """
                keys:
                  - {action: deny}
                """)
                .ways(new NodeEffect.SessionKeyring(), "keys", both("join"))
                .ways(new Effect.Nothing(), "keys", both("keyctl-describe"));
        // The kernel says that it found no keyring that may be written.
        both("add_key").forEach(way -> family.add(family.way(new NodeEffect.KeyAdded(), "keys", way).denied(ENOKEY)));
        // Freely, the kernel asks a program of the node, which is not there.
        both("request_key").forEach(way -> family.add(family.way(new Effect.Nothing(), "keys", way).freely(ENOENT)));
        return family.harmless("/bin/cat", "/etc/passwd").scenario();
    }

    static Scenario rings() {
        return new Family("rings", "ioUring[0]", """
                ioUring:
                  - {action: deny}
                """)
                .ways(new ProcessEffect.Holds("anon_inode:.io_uring."), "uring", both("setup", "poll"))
                .harmless("/probes/write", "aio", "/etc/passwd")
                .scenario();
    }

    static Scenario signals() {
        return new Family("signals", "signals[0]", """
                signals:
                  - {action: deny, signals: [KILL]}
                """)
                .ways(new ProcessEffect.VictimKilled(), "signal", both("kill", "group", "tkill", "tgkill", "queue", "tgqueue", "pidfd", "async", "async-ex", "async-ioctl",
                        "async-group"))
                .harmless("/bin/sh", "-c", "sleep 100 & kill $!")
                .scenario();
    }

    /** Processes that are not the container's, seen by one that shares the host's processes. */
    static Scenario signalTargets() {
        return new Family("signal-targets", "signals[0]", """
                signals:
                  - {action: deny, signals: [KILL], targets: [outside]}
                """)
                .in(ContainerSpec::seeingHostProcesses)
                .ways(new NodeEffect.OutsiderKilled("outsider"), "signal", both("outside-kill", "outside-tgkill", "outside-queue", "outside-pidfd"), "/shared/outsider")
                .harmless("/bin/sh", "-c", "sleep 100 & kill -9 $!")
                .scenario();
    }

    /** The node's disk is its first loop device. */
    static Scenario devices() {
        String disk = "/shared/node";
        var copied = new Effect.FileMade("copied");
        return new Family("devices", "files[0]", """
                files:
                  - {action: deny, devices: [{type: block}]}
                """)
                .in(ContainerSpec::asPrivileged)
                .ways(copied, "device", both("mknod", "mknodat"), disk, "7", "0", "/shared/copied")
                .ways(copied, "device", both("open"), "/dev/loop0", "7", "0", "/shared/copied")
                .ways(new Effect.FileMade("node"), "device", both("only-mknod"), disk, "7", "0", "-")
                .harmless("/bin/sh", "-c", "mkfifo /shared/fifo; rm /shared/fifo; echo x >/dev/null")
                .harmless("/bin/sh", "-c", "/probes/file bind /shared/socket; rm /shared/socket")
                .scenario();
    }

    /** All names, for a group of them. */
    static List<String> allNames() {
        return ALL.stream().map(each -> each.get().name()).toList();
    }
}
