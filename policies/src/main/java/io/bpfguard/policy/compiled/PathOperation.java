package io.bpfguard.policy.compiled;

import java.util.EnumSet;
import java.util.Set;

/**
 * What is done to a path. The ordinal is the index into a path verdict ({@code enum path_operation} in
 * {@code bpf/src/main/c/ruleset.h}).
 */
public enum PathOperation {
    /** The file becomes a program: execve, execveat, the interpreter of a script. */
    EXEC,
    /** The file is opened for reading. */
    READ,
    /** The file is opened for writing, other than for appending alone. */
    WRITE,
    /** The file is opened for appending alone: O_WRONLY with O_APPEND. */
    APPEND,
    /** The name comes into being: open with O_CREAT, mknod, mkdir, the bind of a Unix socket. */
    CREATE,
    /** The name goes: unlink, rmdir; also the target of a rename that replaces it. */
    UNLINK,
    /** The name changes: what is renamed, and the name that it gets. */
    RENAME,
    /** The file gets a further name. */
    LINK,
    /** The name comes into being as a symbolic link. */
    SYMLINK,
    /** Mode bits change. */
    CHMOD,
    /** Owner or group change. */
    CHOWN,
    /** The length changes by truncate or ftruncate; O_TRUNC counts as writing too. */
    TRUNCATE,
    /** An extended attribute or access control list is set or removed. */
    SETXATTR,
    /** Something is mounted on it, or what is mounted there is moved or unmounted. */
    MOUNT,
    /** The file is mapped as code: mmap and mprotect with PROT_EXEC. */
    MAP;

    /** What changes a file or its name. */
    public static final Set<PathOperation> MODIFYING =
            Set.copyOf(EnumSet.of(WRITE, APPEND, CREATE, UNLINK, RENAME, LINK, SYMLINK, CHMOD, CHOWN, TRUNCATE, SETXATTR, MOUNT));
    /** What rules on files are about; running them and mapping them as code is another family's. */
    public static final Set<PathOperation> OF_FILES = Set.copyOf(EnumSet.complementOf(EnumSet.of(EXEC, MAP)));
}
