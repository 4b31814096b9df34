package io.bpfguard.bpf.routing;

import java.util.BitSet;

/** Numbers of map slots: the lowest free one is taken; number 0 is never given. */
final class Numbers {
    private final BitSet taken = new BitSet();
    private final int limit;
    private final String what;

    /** Numbers 1 to {@code limit - 1}. */
    Numbers(int limit, String what) {
        this.limit = limit;
        this.what = what;
        taken.set(0);
    }

    int take() {
        int number = taken.nextClearBit(0);
        if (number >= limit) {
            throw new NoRoom("the kernel side has no free " + what + " left (" + (limit - 1) + " in use): fewer distinct sets of policies, or a larger map, are needed");
        }
        taken.set(number);
        return number;
    }

    void mark(int number) {
        taken.set(number);
    }

    void release(int number) {
        taken.clear(number);
    }

    /** All are free again. */
    void clear() {
        taken.clear();
        taken.set(0);
    }

    boolean isTaken(int number) {
        return taken.get(number);
    }

    BitSet all() {
        BitSet copy = (BitSet) taken.clone();
        copy.clear(0);
        return copy;
    }
}
