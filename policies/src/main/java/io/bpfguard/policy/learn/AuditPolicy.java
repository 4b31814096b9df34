package io.bpfguard.policy.learn;

import io.bpfguard.policy.check.SystemCalls;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The temporary policy under which a container is learnt from: nothing is prevented, and what it does is reported. Other policies
 * stay in force, and what they prevent is not learnt.
 *
 * <p>A decision at a hook is one event, of the first of the operations that are asked about there. What would be hidden by that is reported by rules on the
 * hook's arguments: that a file that is opened for reading is opened for writing or truncated as well, and the new name of what is renamed or linked.
 *
 * <p>What cannot be seen, so that a learnt policy does not allow it:
 * <ul>
 * <li>what was done before the policy came, above all the start of a container that was running: its program, its files, its ports
 * <li>files and sockets that were opened before, and connections that were made before, as they are used: defaults do not judge that either
 * <li>what was done in no event: the kernel side reports at most 500 decisions of a container in a second, and counts the others
 * <li>sends that need no new permission (on a connection), and the bind of a port that the kernel chooses
 * <li>which other names a mount gives to files: workloads that mount are refused by allow-lists on files, whatever they were seen to do
 * <li>system calls that each program makes all the time, see {@link #calls()}
 * <li>sends to addresses that an allow of another policy names: these are no part of defaults
 * </ul>
 */
public final class AuditPolicy {
    /**
     * Calls that pass a hook so often that 500 events in a second would be nothing but these, or that do no more than what the families judge that are
     * learnt by object: files, processes, sockets, capabilities. A call of the end of a process (kill) is hardly ever seen.
     */
    private static final Set<String> NOT_LEARNT = Set.copyOf(Arrays.asList((
            // files
            "creat open openat openat2 truncate ftruncate rename renameat renameat2 unlink unlinkat rmdir link linkat symlink symlinkat mkdir mkdirat"
            + " mknod mknodat chmod fchmod fchmodat fchmodat2 fchownat chown lchown fchown setxattr lsetxattr fsetxattr setxattrat"
            // processes and capabilities
            + " execve execveat setuid setreuid setresuid setfsuid capset setpriority kill"
            // sockets
            + " socket connect bind listen sendto sendmsg sendmmsg"
            // all the time
            + " read write copy_file_range fallocate splice sendfile ioctl mmap mprotect fork vfork clone clone3 setsockopt").split(" ")));

    private AuditPolicy() {}

    /**
     * The calls that are learnt: those that LSM hooks can deny and that few programs need. For those that a container never makes, its learnt policy
     * has a rule.
     */
    public static List<String> calls() {
        Set<String> calls = new TreeSet<>(SystemCalls.gated().values());
        calls.removeAll(NOT_LEARNT);
        return List.copyOf(calls);
    }

    /** The names that are given as not learnt: a test compares them with the table. */
    static Set<String> notLearnt() {
        return NOT_LEARNT;
    }

    /**
     * The document.
     *
     * @param name of the policy, which no other on the node has
     * @param selector the containers
     */
    public static String text(String name, LearnSelector selector) {
        return """
                # Written by bpfguard learn, which takes it away again. It prevents nothing.
                apiVersion: bpfguard.io/v1
                kind: ContainerPolicy
                metadata:
                  name: %s
                spec:
                  mode: audit
                %s  defaults: {network: audit}    # sends, but on connections
                  processes:
                    - {name: learn-programs, action: audit, paths: ["**"]}
                  files:
                    - {name: learn-appending, action: audit, operations: [append], fileSystems: ["*"]}    # and what more is done by such a descriptor
                    - name: learn-files
                      action: audit
                      operations: [read, write, unlink, rename, link, symlink, chmod, chown, setxattr, mount]
                      fileSystems: ["*"]
                  network:
                    - {name: learn-sockets, action: audit, operations: [create, connect, bind, listen, accept]}
                  capabilities:
                    - {name: learn-capabilities, action: audit, names: [ALL]}
                  systemCalls:
                    - name: learn-calls
                      action: audit
                      names: [%s]
                  lsmHooks:
                    - name: %s
                      action: audit
                      names: [file_open]
                      conditions:
                        - {argument: file.f_flags, mask: O_ACCMODE|O_TRUNC, equals: [O_RDWR, O_RDWR|O_TRUNC, O_TRUNC]}
                        - {argument: file, matches: ["**"]}
                    - name: %s
                      action: audit
                      names: [path_rename, path_link]
                      conditions:
                        - {argument: new_dentry, matches: ["**"]}
                """.formatted(YamlText.quoted(name), selector.text(), String.join(", ", calls()), Observation.OPENED_FOR_BOTH, Observation.NEW_NAME);
    }
}
