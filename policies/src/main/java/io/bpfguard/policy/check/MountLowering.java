package io.bpfguard.policy.check;

import io.bpfguard.policy.compiled.Action;
import io.bpfguard.policy.compiled.KeyField;
import io.bpfguard.policy.compiled.LsmHook;
import io.bpfguard.policy.compiled.Matcher;
import io.bpfguard.policy.model.Family;
import io.bpfguard.policy.model.FamilyDefault;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobToken;
import io.bpfguard.policy.model.IntegerPatterns;
import io.bpfguard.policy.model.Located;
import io.bpfguard.policy.model.MountUse;
import io.bpfguard.policy.model.Position;
import io.bpfguard.policy.model.Rule;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Lowers a rule on mounts to the hooks that a mount passes. Not all of them know all of it: sb_kern_mount knows the real type
 * alone, and capable, which mount_setattr and fspick pass, neither flags nor source.
 */
record MountLowering(Lowering.Builder builder) {
    private static final List<LsmHook> ALL = List.of(LsmHook.SB_MOUNT, LsmHook.SB_KERN_MOUNT, LsmHook.MOVE_MOUNT, LsmHook.SB_UMOUNT,
            LsmHook.SB_PIVOTROOT, LsmHook.CAPABLE);
    /** The uses that pass capable and nothing before it. */
    private static final Set<MountUse> ASKED = EnumSet.of(MountUse.TREE, MountUse.ATTRIBUTES, MountUse.REMOUNT);
    private static final long NO_SOURCE = 1L << KeyField.NO_MOUNT_SOURCE;
    private static final long NO_FLAGS = 1L << KeyField.NO_MOUNT_FLAGS;

    private static final String DETACHED_NOTE = "By fsopen and fsmount, flags and source are judged when the mount is attached (move_mount); until then it can be used through its descriptor.";
    private static final String ATTRIBUTES_NOTE = "What flags mount_setattr and fspick set cannot be told, so the rule takes them as met there; moving, unmounting and cloning a tree have none, so the rule is not about them.";
    private static final String SOURCE_NOTE = "The source of a bind mount, move or cloned tree cannot be told where it can be denied: sources are those of file systems.";

    void add(Rule.Mounts rule) {
        Position at = rule.head().at();
        boolean allows = builder.action() == Action.ALLOW;
        boolean asksFlags = !rule.flags().isAny();
        boolean asksSource = !rule.sources().isEmpty();
        Subject whole = subject(rule, asksFlags, asksSource);
        String note = note(asksFlags, asksSource, allows);
        Set<MountUse> uses = uses(rule);
        add(LsmHook.SB_MOUNT, whole, note, at);
        // Who is asked for no more than the type has been judged as a whole in sb_mount, or will be in move_mount.
        if (allows || !asksFlags && !asksSource) {
            add(LsmHook.SB_KERN_MOUNT, subject(rule, false, false), note, at);
        }
        add(LsmHook.MOVE_MOUNT, whole, note, at);
        if (uses.contains(MountUse.UNMOUNT)) {
            add(LsmHook.SB_UMOUNT, whole, note, at);
        }
        if (uses.contains(MountUse.MOVE)) {
            add(LsmHook.SB_PIVOTROOT, whole, note, at);
        }
        if (!asksSource && !(allows && asksFlags) && !Collections.disjoint(uses, ASKED)) {
            add(LsmHook.CAPABLE, asksFlags ? withoutFlags(rule) : whole, (note + " " + builder.errnoNote()).strip(), at);
        }
    }

    void add(FamilyDefault rest) {
        Subject subject = new Subject.Rest(Subject.ONLY);
        ALL.forEach(hook -> add(hook, subject, "", rest.at()));
    }

    private void add(LsmHook hook, Subject subject, String note, Position at) {
        builder.add(Family.MOUNTS, hook, Matcher.MOUNT, subject, note, at);
    }

    private static Subject subject(Rule.Mounts rule, boolean asksFlags, boolean asksSource) {
        Map<KeyField, List<List<GlobToken>>> fields = types(rule);
        long mask = (asksFlags ? rule.flags().mask() | NO_FLAGS : 0) | (asksSource ? NO_SOURCE : 0);
        if (mask != 0) {
            fields.put(KeyField.MOUNT_FLAGS, flags(mask, asksFlags ? rule.flags().value() : 0));
        }
        if (asksSource) {
            fields.put(KeyField.MOUNT_SOURCE, Subject.sequences(globs(rule.sources())));
        }
        return new Subject.Keys(fields, Subject.ONLY);
    }

    /** Any flags, but of a use that has some. */
    private static Subject withoutFlags(Rule.Mounts rule) {
        Map<KeyField, List<List<GlobToken>>> fields = types(rule);
        fields.put(KeyField.MOUNT_FLAGS, flags(NO_FLAGS, 0));
        return new Subject.Keys(fields, Subject.ONLY);
    }

    private static Map<KeyField, List<List<GlobToken>>> types(Rule.Mounts rule) {
        Map<KeyField, List<List<GlobToken>>> fields = new EnumMap<>(KeyField.class);
        if (!rule.types().isEmpty()) {
            List<List<GlobToken>> types = new ArrayList<>(Subject.sequences(globs(rule.types())));
            uses(rule).forEach(use -> use.included().forEach(other -> types.add(Subject.literal(other.word()))));
            fields.put(KeyField.FILE_SYSTEM_TYPE, types.stream().distinct().toList());
        }
        return fields;
    }

    /** The uses without a file system type that the rule is about. */
    private static Set<MountUse> uses(Rule.Mounts rule) {
        Set<MountUse> uses = EnumSet.noneOf(MountUse.class);
        for (MountUse use : MountUse.values()) {
            if (rule.types().isEmpty() || rule.types().stream().anyMatch(type -> type.value().matches(use.word()))) {
                uses.add(use);
                uses.addAll(use.included());
            }
        }
        return uses;
    }

    private static List<List<GlobToken>> flags(long mask, long value) {
        return List.of(IntegerPatterns.masked(mask, value, KeyField.MOUNT_FLAGS.width()));
    }

    private static List<Glob> globs(List<Located<Glob>> globs) {
        return globs.stream().map(Located::value).toList();
    }

    private static String note(boolean asksFlags, boolean asksSource, boolean allows) {
        List<String> notes = new ArrayList<>();
        if (asksSource) {
            notes.add(SOURCE_NOTE);
        }
        if (!allows && (asksFlags || asksSource)) {
            notes.add(DETACHED_NOTE);
        }
        if (!allows && asksFlags && !asksSource) {
            notes.add(ATTRIBUTES_NOTE);
        }
        return String.join(" ", notes);
    }
}
