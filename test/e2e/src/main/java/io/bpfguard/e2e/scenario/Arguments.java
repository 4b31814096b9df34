package io.bpfguard.e2e.scenario;

import static io.bpfguard.e2e.scenario.Family.both;

import io.bpfguard.e2e.scenario.Trial.Errno;
import java.util.List;
import java.util.function.Supplier;

/** Conditions on arguments: the same call with another argument goes on. */
final class Arguments {
    private static final String SECRET = "/shared/vault/secret";

    private Arguments() {}

    static final List<Supplier<Scenario>> ALL = List.of(Arguments::ofSystemCalls, Arguments::ofHooks, Arguments::ofFunctions);

    static List<String> allNames() {
        return ALL.stream().map(each -> each.get().name()).toList();
    }

    /** Equal, mask, range, and a rule for one ABI. */
    static Scenario ofSystemCalls() {
        var family = new Family("call-arguments", "systemCalls[0]", """
                systemCalls:
                  - {action: deny, names: [unshare], conditions: [{argument: unshare_flags, equals: CLONE_NEWUSER}]}
                  - {action: deny, names: [mount], conditions: [{argument: flags, mask: MS_BIND}]}
                  - {action: deny, names: [mprotect], conditions: [{argument: prot, range: 4-7}]}
                  - {action: deny, names: [unshare], abis: [32], conditions: [{argument: 0, mask: CLONE_NEWUTS}]}
                """)
                .ways(new ProcessEffect.OtherNamespace("user"), "namespace", both("unshare"), "user");
        both("bind").forEach(way -> family.add(family.way(new Effect.Mounted("", "/m"), "mount", way, "/shared", "/m").by("systemCalls[1]")));
        both("anonymous-later").forEach(way -> family.add(family.way(new Effect.Nothing(), "map", way).by("systemCalls[2]")));
        family.add(new Trial("unshare of the UTS namespace by a 32-bit program", List.of("/probes/namespace", "unshare/32", "uts"), Errno.EPERM,
                "call-arguments", "systemCalls[3]", new ProcessEffect.OtherNamespace("uts")));
        return family
                .harmless("/probes/namespace", "unshare", "uts")
                .harmless("/probes/namespace", "unshare/32", "ipc")
                .harmless("/probes/namespace", "clone", "user")
                .harmless("/bin/sh", "-c", "/probes/mount new ramfs /other && umount /other")
                .harmless("/bin/sh", "-c", "/probes/mount new/32 ramfs /other && umount /other")
                .scenario();
    }

    /** An integer, a string, a path, a member of a struct. */
    static Scenario ofHooks() {
        var family = new Family("hook-arguments", "lsmHooks[0]", """
                lsmHooks:
                  - {action: deny, names: [sb_mount], conditions: [{argument: type, matches: [ramfs, "mq*"]}]}
                  - {action: deny, names: [path_mkdir], conditions: [{argument: dentry, matches: ["/shared/vault/*"]}]}
                  - action: deny
                    names: [file_open]
                    conditions:
                      - {argument: file.f_flags, mask: O_ACCMODE, equals: [O_WRONLY, O_RDWR]}
                      - {argument: file, matches: ["/shared/vault/**"]}
                  - {action: deny, names: [task_kill], conditions: [{argument: sig, range: 10-11}]}
                """)
                .ways(new Effect.Mounted("ramfs", "/m"), "mount", both("new"), "ramfs", "/m");
        both("mkdir", "mkdirat", "uring-mkdir").forEach(
                way -> family.add(family.way(new Effect.FileMade("vault/new"), "file", way, "/shared/vault/new").by("lsmHooks[1]")));
        both("open", "openat", "uring").forEach(
                way -> family.add(family.way(new Effect.FileChanged("vault/secret"), "open", way, SECRET).by("lsmHooks[2]")));
        // The shell says in its own way that it cannot send a signal.
        family.add(new Trial("a signal", List.of("/bin/sh", "-c", "trap 'exit 0' USR1; kill -USR1 $$ || exit 1; exit 3"), Errno.EPERM,
                "hook-arguments", "lsmHooks[3]", new Effect.Nothing()));
        return family
                .harmless("/bin/cat", SECRET)
                .harmless("/bin/sh", "-c", "echo x >/shared/other; rm /shared/other")
                .harmless("/bin/sh", "-c", "mkdir /shared/other && rmdir /shared/other")
                .harmless("/bin/sh", "-c", "/probes/mount new tmpfs /other && umount /other")
                .harmless("/bin/sh", "-c", "trap 'exit 0' USR2; kill -USR2 $$; exit 3")
                .scenario();
    }

    /** A string and an integer, which without a string needs no memory. */
    static Scenario ofFunctions() {
        var family = new Family("function-arguments", "kernelFunctions[0]", """
                kernelFunctions:
                  - {action: kill, names: [path_mount], conditions: [{argument: type_page, matches: [ramfs]}]}
                  - {action: kill, names: [path_mount], conditions: [{argument: flags, mask: MS_BIND}]}
                  - {action: kill, names: [create_user_ns], conditions: [{argument: new.euid.val, equals: 0}]}
                """);
        both("new").forEach(way -> family.add(family.way(new Effect.Mounted("ramfs", "/m"), "mount", way, "ramfs", "/m").with(Errno.KILL)));
        both("bind").forEach(way -> family.add(
                family.way(new Effect.Mounted("", "/m"), "mount", way, "/shared", "/m").by("kernelFunctions[1]").with(Errno.KILL)));
        family.add(family.way(new Effect.Nothing(), "namespace", "unshare", "user").by("kernelFunctions[2]").with(Errno.KILL));
        return family
                .harmless("/bin/sh", "-c", "/probes/mount new tmpfs /other && umount /other")
                .harmless("/probes/identity", "as", "4711", "/probes/namespace", "unshare", "user")
                .scenario();
    }
}
