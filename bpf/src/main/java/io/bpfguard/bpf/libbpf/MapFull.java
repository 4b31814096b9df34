package io.bpfguard.bpf.libbpf;

/** A new key found no room: the map has {@link #maxEntries()} elements. */
public final class MapFull extends BpfException {
    private final int maxEntries;

    MapFull(String operation, int errno, String map, int maxEntries) {
        super(operation, errno, "map " + map + " is full (max_entries=" + maxEntries + "): delete elements, or create it larger");
        this.maxEntries = maxEntries;
    }

    /** The capacity the map was created with, in elements. */
    public int maxEntries() {
        return maxEntries;
    }
}
