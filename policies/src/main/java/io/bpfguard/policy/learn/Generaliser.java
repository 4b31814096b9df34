package io.bpfguard.policy.learn;

import io.bpfguard.policy.compiled.PathOperation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes the globs of an allow-list on files and programs of what was seen. Reading is kept apart from changing, so that a directory of which
 * one file is written is not one that may be written.
 *
 * <p>A file keeps what is prevented under its name when it gets another one: a rename or link is denied where the new name may be used in a way
 * that the old one may not (rules on other names in {@code policies/README.md}). So an old name is allowed what its new one is. Whole directories
 * can only be renamed within one whose content is treated alike.
 */
final class Generaliser {
    /**
     * A glob of the policy.
     *
     * @param operations that are allowed
     * @param names how many names it stands for
     * @param times how often one was used; 0 for a name that only is another's old one
     */
    record Entry(Set<PathOperation> operations, long names, long times) {}

    private static final int MAX_ROUNDS = 8;

    private final Map<String, Entry> reads = new LinkedHashMap<>();
    private final Map<String, Entry> changes = new LinkedHashMap<>();
    private final Map<String, Entry> programs = new LinkedHashMap<>();
    private final Map<String, Globs> parsed = new LinkedHashMap<>();
    private final Set<String> notes = new LinkedHashSet<>();

    Generaliser(Observations seen, PathTree.Detail detail) {
        Set<String> joined = new HashSet<>();
        List<Observations.Renaming> ofFiles = new ArrayList<>();
        for (Observations.Renaming renaming : seen.renamings()) {
            if (!renaming.isRename() || !seen.isDirectory(renaming.from()) && !seen.isDirectory(renaming.to())) {
                ofFiles.add(renaming);
                continue;
            }
            List<String> above = PathTree.above(renaming.from(), renaming.to());
            if (above.isEmpty()) {
                notes.add("The directory " + YamlText.quoted(PathTree.path(renaming.from())) + " was renamed to "
                        + YamlText.quoted(PathTree.path(renaming.to())) + ". That is denied: only a rule on all files could allow it.");
            } else {
                joined.add(PathTree.path(above));
            }
        }
        seen.reads().found(detail, joined).forEach(found -> put(reads, found.glob(), new Entry(found.operations(), found.names(), found.times())));
        seen.changes().found(detail, joined).forEach(found -> put(changes, found.glob(), new Entry(found.operations(), found.names(), found.times())));
        seen.programs().forEach((path, times) -> put(programs, NamePattern.literal(path), new Entry(Set.of(PathOperation.EXEC), 1, times)));
        int rounds = 0;
        while (giveOldNames(ofFiles)) {
            if (++rounds == MAX_ROUNDS) {
                notes.add("Files get names from each other in a long row; some of these renames may be denied.");
                break;
            }
        }
    }

    private void put(Map<String, Entry> map, String glob, Entry entry) {
        map.put(glob, entry);
        parsed.computeIfAbsent(glob, Globs::of);
    }

    /** Allows old names what new ones are; false if that was so already. */
    private boolean giveOldNames(List<Observations.Renaming> renamings) {
        boolean isChanged = false;
        for (Observations.Renaming renaming : renamings) {
            String old = PathTree.path(renaming.from());
            Globs from = Globs.of(old);
            Globs to = Globs.of(PathTree.path(renaming.to()));
            Set<PathOperation> missing = EnumSet.noneOf(PathOperation.class);
            for (Map<String, Entry> map : List.of(reads, changes, programs)) {
                map.forEach((glob, entry) -> {
                    if (parsed.get(glob).meets(to)) {
                        missing.addAll(entry.operations());
                    }
                });
            }
            for (Map<String, Entry> map : List.of(reads, changes, programs)) {
                map.forEach((glob, entry) -> {
                    if (parsed.get(glob).covers(from)) {
                        missing.removeAll(entry.operations());
                    }
                });
            }
            if (from.isOpen() && missing.remove(PathOperation.EXEC)) {
                // An open place would be room for foreign programs.
                notes.add("What was renamed to a program had another name each time, " + YamlText.quoted(old) + ". That is denied.");
            }
            isChanged |= !missing.isEmpty();
            for (PathOperation operation : missing) {
                Map<String, Entry> map = switch (operation) {
                    case READ -> reads;
                    case EXEC -> programs;
                    default -> changes;
                };
                Set<PathOperation> operations = EnumSet.of(operation);
                Entry known = map.getOrDefault(old, new Entry(Set.of(), 1, 0));
                operations.addAll(known.operations());
                put(map, old, new Entry(Set.copyOf(operations), known.names(), known.times()));
            }
        }
        return isChanged;
    }

    Map<String, Entry> reads() {
        return reads;
    }

    Map<String, Entry> changes() {
        return changes;
    }

    Map<String, Entry> programs() {
        return programs;
    }

    /** What is not allowed although it was seen. */
    Collection<String> notes() {
        return notes;
    }
}
