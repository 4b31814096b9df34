package io.bpfguard.policy.compile;

/**
 * A partition of the numbers below n that is refined: mark some elements, then split every set into its marked and its
 * unmarked part. Marking and splitting cost time by what is marked, not by the size of the sets (Valmari, "Fast brief
 * practical DFA minimization", 2012).
 */
final class Partition {
    private final int[] elements;
    private final int[] place;
    private final int[] setOf;
    private final int[] first;
    private final int[] end;
    private final int[] marked;
    private final int[] touched;
    private int touchedCount;
    private int count;

    /** The partition by {@code kindOf}, whose values are below {@code kinds}; kinds without elements make no set. */
    Partition(int[] kindOf, int kinds) {
        int n = kindOf.length;
        elements = new int[n];
        place = new int[n];
        setOf = new int[n];
        first = new int[n];
        end = new int[n];
        marked = new int[n];
        touched = new int[n];
        int[] starts = new int[kinds + 1];
        for (int kind : kindOf) {
            starts[kind + 1]++;
        }
        int[] numbers = new int[kinds];
        for (int kind = 0; kind < kinds; kind++) {
            numbers[kind] = count;
            if (starts[kind + 1] > 0) {
                first[count] = starts[kind];
                end[count] = starts[kind];
                count++;
            }
            starts[kind + 1] += starts[kind];
        }
        for (int element = 0; element < n; element++) {
            int set = numbers[kindOf[element]];
            setOf[element] = set;
            place[element] = end[set];
            elements[end[set]++] = element;
        }
    }

    int count() {
        return count;
    }

    int setOf(int element) {
        return setOf[element];
    }

    int first(int set) {
        return first[set];
    }

    int end(int set) {
        return end[set];
    }

    /** The element at a place between {@link #first} and {@link #end} of its set. */
    int at(int position) {
        return elements[position];
    }

    /** Marks an element that is not marked. */
    void mark(int element) {
        int set = setOf[element];
        int from = place[element];
        int target = first[set] + marked[set];
        if (from < target) {
            return;
        }
        elements[from] = elements[target];
        place[elements[from]] = from;
        elements[target] = element;
        place[element] = target;
        if (marked[set]++ == 0) {
            touched[touchedCount++] = set;
        }
    }

    /** Splits the sets with marked elements, the smaller part becoming a new set; takes all marks away. */
    void split() {
        while (touchedCount > 0) {
            int set = touched[--touchedCount];
            int border = first[set] + marked[set];
            if (border == end[set]) {
                marked[set] = 0;
                continue;
            }
            if (marked[set] <= end[set] - border) {
                first[count] = first[set];
                end[count] = border;
                first[set] = border;
            } else {
                end[count] = end[set];
                first[count] = border;
                end[set] = border;
            }
            for (int i = first[count]; i < end[count]; i++) {
                setOf[elements[i]] = count;
            }
            marked[set] = 0;
            marked[count] = 0;
            count++;
        }
    }
}
