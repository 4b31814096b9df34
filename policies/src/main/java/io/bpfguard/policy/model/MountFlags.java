package io.bpfguard.policy.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which flags of mount(2) are set and which are not ({@code include/uapi/linux/mount.h}).
 *
 * @param mask the bits that count, {@code MS_…}
 * @param value those of them that are set
 */
public record MountFlags(long mask, long value) {
    /** Any flags. */
    public static final MountFlags ANY = new MountFlags(0, 0);
    /**
     * The words of mount(8), each for one bit that is set or not; without those that mean something else to mount(2) than to
     * fsmount(2), and those without an effect.
     */
    public static final Map<String, MountFlags> WORDS = words();

    public MountFlags {
        if ((value & ~mask) != 0) {
            throw new IllegalArgumentException("flags 0x%x outside of the mask 0x%x".formatted(value, mask));
        }
    }

    /** Whether there is no condition. */
    public boolean isAny() {
        return mask == 0;
    }

    /** Whether nothing can have both. */
    public boolean contradicts(MountFlags other) {
        return ((value ^ other.value) & mask & other.mask) != 0;
    }

    /** Both conditions. */
    public MountFlags and(MountFlags other) {
        return new MountFlags(mask | other.mask, value | other.value);
    }

    /** The words for the flags that are set, parted by commas; flags without a word as a number. */
    public static String text(long flags) {
        List<String> text = new ArrayList<>();
        long rest = flags;
        for (Map.Entry<String, MountFlags> word : WORDS.entrySet()) {
            if (word.getValue().value() != 0 && (flags & word.getValue().mask()) != 0) {
                text.add(word.getKey());
                rest &= ~word.getValue().mask();
            }
        }
        if (rest != 0) {
            text.add("0x" + Long.toHexString(rest));
        }
        return String.join(",", text);
    }

    private static Map<String, MountFlags> words() {
        Map<String, MountFlags> words = new LinkedHashMap<>();
        put(words, 1, "ro", "rw");
        put(words, 1 << 1, "nosuid", "suid");
        put(words, 1 << 2, "nodev", "dev");
        put(words, 1 << 3, "noexec", "exec");
        put(words, 1 << 4, "sync", "async");
        put(words, 1 << 7, "dirsync", "");
        put(words, 1 << 8, "nosymfollow", "symfollow");
        put(words, 1 << 10, "noatime", "atime");
        put(words, 1 << 11, "nodiratime", "diratime");
        put(words, 1 << 14, "rec", "");
        put(words, 1 << 17, "unbindable", "");
        put(words, 1 << 18, "private", "");
        put(words, 1 << 19, "slave", "");
        put(words, 1 << 20, "shared", "");
        put(words, 1 << 25, "lazytime", "");
        return Collections.unmodifiableMap(words);
    }

    private static void put(Map<String, MountFlags> words, long bit, String set, String notSet) {
        words.put(set, new MountFlags(bit, bit));
        if (!notSet.isEmpty()) {
            words.put(notSet, new MountFlags(bit, 0));
        }
    }
}
