package io.bpfguard.policy.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Uses of the mount system calls without a file system type of their own; they go by their words where types are. */
public enum MountUse {
    /** open_tree with OPEN_TREE_CLONE or OPEN_TREE_NAMESPACE. */
    TREE(false),
    /** mount_setattr, open_tree_attr. */
    ATTRIBUTES(false),
    /** MS_BIND; whoever clones a tree does the same in two steps. */
    BIND(true, TREE),
    /** MS_MOVE, move_mount of what is mounted somewhere, pivot_root. */
    MOVE(false),
    /** MS_REMOUNT, fspick. */
    REMOUNT(true, ATTRIBUTES),
    /** MS_SHARED and its like, MOVE_MOUNT_SET_GROUP. */
    PROPAGATION(true, ATTRIBUTES),
    /** umount. */
    UNMOUNT(false);

    private final boolean hasFlags;
    private final Set<MountUse> included;

    MountUse(boolean hasFlags, MountUse... included) {
        this.hasFlags = hasFlags;
        this.included = Set.of(included);
    }

    /** Other ways to do it, which a rule on this use is about too. */
    public Set<MountUse> included() {
        return included;
    }

    /** Whether it has flags of mount(2) that are known where it can be denied. */
    public boolean hasFlags() {
        return hasFlags;
    }

    /** Whether it has no flags at all; those of {@link #ATTRIBUTES} are there, and cannot be told. */
    public boolean isWithoutFlags() {
        return !hasFlags && this != ATTRIBUTES;
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
