package io.bpfguard.policy.compiled;

/**
 * What a file is besides its path: a bit each in {@link KeyField#FILE_KIND}, by ordinal ({@code enum file_kind} in
 * {@code bpf/src/main/c/ruleset.h}).
 */
public enum FileKind {
    /** The task's file system user owns it. */
    OWN,
    /** It was reached through a mount of another mount namespace than the task's. */
    FOREIGN_MOUNT,
    /** It does not come from the container's image: it is not in a lower layer of an overlay, or was changed since. */
    NOT_IN_IMAGE,
    /**
     * It lives in memory only, without a name in the task's mount namespace: memfd_create(2), System V shared memory, a
     * file of a tmpfs that was deleted or is not mounted there; when mapped, also what is not only a file's content.
     */
    MEMORY,
    /** It had a name and has none any more, or was made without one. */
    DELETED;

    /** The bit in the field. */
    public int bit() {
        return 1 << ordinal();
    }
}
