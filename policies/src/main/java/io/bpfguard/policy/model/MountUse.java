package io.bpfguard.policy.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Uses of the mount system calls without a file system type of their own; they go by their words where types are. */
public enum MountUse {
    /** MS_BIND. */
    BIND(true),
    /** MS_MOVE, move_mount of what is mounted somewhere, pivot_root. */
    MOVE(false),
    /** MS_REMOUNT, fspick. */
    REMOUNT(true),
    /** MS_SHARED and its like, MOVE_MOUNT_SET_GROUP. */
    PROPAGATION(true),
    /** open_tree with OPEN_TREE_CLONE or OPEN_TREE_NAMESPACE. */
    TREE(false),
    /** mount_setattr, open_tree_attr. */
    ATTRIBUTES(false),
    /** umount. */
    UNMOUNT(false);

    private final boolean hasFlags;

    MountUse(boolean hasFlags) {
        this.hasFlags = hasFlags;
    }

    /** Whether it has flags of mount(2) that are known where it can be denied. */
    public boolean hasFlags() {
        return hasFlags;
    }

    /** The word in {@code types}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The use with this word. */
    public static Optional<MountUse> ofWord(String word) {
        return Arrays.stream(values()).filter(use -> use.word().equals(word)).findFirst();
    }
}
