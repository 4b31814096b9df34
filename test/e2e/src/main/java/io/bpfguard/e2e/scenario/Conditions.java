package io.bpfguard.e2e.scenario;

import static io.bpfguard.e2e.scenario.Family.both;

import io.bpfguard.e2e.scenario.Trial.Errno;
import java.util.List;
import java.util.function.Supplier;

/** The conditions of rules on files and programs beside paths: what each tells apart. */
final class Conditions {
    private static final String MARK = "/probes/mark";
    private static final String MARKED = "/shared/marked";
    private static final String TOUCH = "/usr/bin/touch";
    private static final String SECRET = "/shared/secret";
    private static final String SCRIPT = "echo x >>/shared/marked";

    private Conditions() {}

    static final List<Supplier<Scenario>> ALL = List.of(Conditions::imagePrograms, Conditions::memoryPrograms, Conditions::deletedPrograms,
            Conditions::memoryCode, Conditions::code, Conditions::arguments, Conditions::from, Conditions::owner, Conditions::fileSystems,
            Conditions::foreignMounts, Conditions::devices);

    static List<String> allNames() {
        return ALL.stream().map(each -> each.get().name()).toList();
    }

    /** The image's own programs run, until they are changed; copies do not. */
    static Scenario imagePrograms() {
        return new Family("image-programs", "processes[0]", """
                processes:
                  - {action: deny, origins: [notInImage], paths: ["/bin/**", "/usr/**", "/tmp/**", "**:*"]}
                """)
                .ways(new Effect.FileChanged("marked"), "run", List.of("copied", "memfd"), MARK, MARKED)
                .ways(new Effect.FileMade("made"), "run", List.of("changed"), TOUCH, "/shared/made")
                .harmless("/bin/busybox", "true")
                .harmless("/bin/sh", "-c", "ls /bin | head -n 3")
                .scenario();
    }

    /** Deleted files and copies on a disk are not in memory. */
    static Scenario memoryPrograms() {
        return new Family("memory-programs", "processes[0]", """
                processes:
                  - {action: deny, origins: [memory]}
                """)
                .ways(new Effect.FileChanged("marked"), "run", both("memfd", "memfd-procfd", "detached"), MARK, MARKED)
                .harmless("/probes/run", "deleted", "/bin/busybox", "true")
                .harmless("/probes/run", "copied", "/bin/busybox", "true")
                .harmless("/probes/map", "anonymous")
                .scenario();
    }

    static Scenario deletedPrograms() {
        return new Family("deleted-programs", "processes[0]", """
                processes:
                  - {action: deny, origins: [deleted]}
                """)
                .ways(new Effect.FileChanged("marked"), "run", both("deleted"), MARK, MARKED)
                .harmless("/probes/run", "memfd", "/bin/busybox", "true")
                .harmless("/probes/run", "copied", "/bin/busybox", "true")
                .scenario();
    }

    /** Executable memory whose content is not a file's. */
    static Scenario memoryCode() {
        return new Family("memory-code", "processes[0]", """
                processes:
                  - {action: deny, origins: [memory], operations: [map]}
                """)
                .ways(new Effect.Nothing(), "map", both("anonymous", "anonymous-later", "private", "written", "personality"), MARK)
                .ways(new Effect.Nothing(), "map", List.of("zero", "zero-shared", "memfd", "shm"), MARK)
                .harmless("/probes/map", "file", MARK)
                .harmless("/probes/map", "file", TOUCH)
                .harmless("/probes/map", "file-later", TOUCH)
                .harmless("/probes/run", "loader", "/probes/mark-dynamic", "/dev/null")
                .scenario();
    }

    /** A file of the image, whose mapping has a file of the layer below as its own. */
    static Scenario code() {
        return new Family("code", "processes[0]", """
                processes:
                  - {action: deny, paths: [/usr/bin/touch], operations: [map]}
                """)
                .ways(new Effect.Nothing(), "map", both("file", "file-later"), TOUCH)
                .harmless("/probes/map", "file", "/bin/busybox")
                .harmless("/probes/map", "file-later", "/bin/busybox")
                .scenario();
    }

    /** Short and long command lines, on one page and on several. */
    static Scenario arguments() {
        var effect = new Effect.FileChanged("marked");
        var family = new Family("program-arguments", "processes[0]", """
                processes:
                  - {action: deny, paths: [/bin/busybox], arguments: ["forbidden", "--eval=*/x"]}
                """);
        for (String last : List.of("forbidden", "--eval=a b/x")) {
            both("execve").forEach(way -> family.add(family.way(effect, "run", way, "/bin/sh", "-c", SCRIPT, "sh", last)));
        }
        for (String bytes : List.of("3500", "4090", "9000", "100000")) {
            family.add(family.way(effect, "run", "padded", bytes, "/bin/sh", "-c", SCRIPT, "sh", "forbidden"));
        }
        for (String bytes : List.of("3500", "9000", "100000")) {
            family.harmless("/probes/run", "padded", bytes, "/bin/sh", "-c", "exit 0", "sh", "forbidden too");
        }
        return family
                .harmless("/bin/sh", "-c", "exit 0", "sh", "--eval=", "a/x", "forbiddenforbidden")
                .harmless("/bin/sh", "-c", "exec /probes/run execve /probes/mark /shared/marked forbidden")
                .scenario();
    }

    static Scenario from() {
        return new Family("from", "files[0]", """
                files:
                  - {action: deny, paths: [/shared/secret], from: [/bin/busybox], operations: [read]}
                processes:
                  - {action: deny, paths: [/probes/mark], from: ["/probes/*"]}
                """)
                .add(new Trial("cat", List.of("/bin/cat", SECRET), Errno.EPERM, "from", "files[0]", new Effect.FileRead("secret")))
                .add(new Trial("execve by a probe", List.of("/probes/run", "execve", MARK, MARKED), Errno.EPERM, "from", "processes[0]",
                        new Effect.FileChanged("marked")))
                .harmless("/probes/foreign", SECRET)
                .harmless("/bin/sh", "-c", "/probes/mark /shared/marked")
                .harmless("/bin/cat", "/etc/passwd")
                .scenario();
    }

    static Scenario owner() {
        return new Family("owner", "files[0]", """
                files:
                  - {action: deny, paths: ["/shared/**"], owner: other, operations: [read]}
                """)
                .add(new Trial("the file of another", List.of("/probes/identity", "as", "4711", "/bin/cat", SECRET), Errno.EPERM, "owner",
                        "files[0]", new Effect.FileRead("secret")))
                .harmless("/bin/cat", SECRET)
                .scenario();
    }

    static Scenario fileSystems() {
        return new Family("file-systems", "files[0]", """
                files:
                  - {action: deny, fileSystems: [ramfs, "mq*"], operations: [write]}
                  - {action: deny, fileSystems: [proc], paths: ["/**/version"], operations: [read]}
                """)
                .add(new Trial("writing to a ramfs", List.of("/bin/sh", "-c",
                        "mkdir -p /r && { grep -q ' /r ' /proc/mounts || mount -t ramfs r /r; } && exec /probes/open create /r/$$"),
                        Errno.EPERM, "file-systems", "files[0]", new Effect.Nothing()))
                .add(new Trial("reading of procfs", List.of("/bin/cat", "/proc/version"), Errno.EPERM, "file-systems", "files[1]", new Effect.Nothing()))
                .add(new Trial("reading of another procfs", List.of("/bin/sh", "-c",
                        "mkdir -p /p && { grep -q ' /p ' /proc/mounts || mount -t proc p /p; } && exec cat /p/version"), Errno.EPERM,
                        "file-systems", "files[1]", new Effect.Nothing()))
                .harmless("/bin/cat", "/proc/cmdline")
                .harmless("/bin/sh", "-c", "echo x >/tmp/x; rm /tmp/x")
                .scenario();
    }

    static Scenario foreignMounts() {
        return new Family("foreign-mounts", "files[0]", """
                files:
                  - {action: deny, foreignMounts: true}
                """)
                .add(new Trial("another mount namespace", List.of("/probes/foreign", SECRET), Errno.EPERM, "foreign-mounts", "files[0]",
                        new Effect.FileRead("secret")))
                .harmless("/bin/cat", SECRET)
                .harmless("/bin/sh", "-c", "echo x | cat /dev/stdin; cat /proc/self/root/etc/passwd")
                .harmless("/probes/namespace", "unshare", "uts")
                .scenario();
    }

    /** Nodes by number, whatever their names. */
    static Scenario devices() {
        return new Family("devices", "files[0]", """
                files:
                  - {action: deny, devices: [{type: char, major: 1, minors: 5-7}, {type: block, major: 7}], operations: [read, write]}
                """)
                .add(new Trial("/dev/zero", List.of("/bin/dd", "if=/dev/zero", "of=/shared/copied", "bs=1", "count=1"), Errno.EPERM, "devices", "files[0]",
                        new Effect.FileMade("copied")))
                .add(new Trial("a node of the same number", List.of("/bin/sh", "-c",
                        "rm -f /tmp/other; mknod /tmp/other c 1 5 && exec dd if=/tmp/other of=/shared/copied bs=1 count=1"), Errno.EPERM, "devices",
                        "files[0]", new Effect.FileMade("copied")))
                .harmless("/bin/sh", "-c", "echo x >/dev/null; dd if=/dev/urandom of=/dev/null bs=1 count=1")
                .harmless("/bin/sh", "-c", "mkfifo /tmp/fifo; rm /tmp/fifo")
                .scenario();
    }
}
