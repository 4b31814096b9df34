package io.bpfguard.install;

import java.util.List;

/**
 * The hook directories that a runtime reads. A file in a later one replaces a file of the same name in an earlier one.
 *
 * @param reader whose they are, for people: a runtime can have more than one reading where its versions read its configuration differently
 * @param directories in the order in which they are read
 */
public record Reading(String reader, List<HookDirectory> directories) {
    /** Copies the list. */
    public Reading {
        directories = List.copyOf(directories);
    }

    /** Their paths, in order. */
    List<String> paths() {
        return directories.stream().map(HookDirectory::path).toList();
    }
}
