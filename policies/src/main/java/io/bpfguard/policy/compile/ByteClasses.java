package io.bpfguard.policy.compile;

import io.bpfguard.policy.model.ByteSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** Bytes that no glob of a set tells apart are one class; classes count from 0, in the order of their first byte. */
final class ByteClasses {
    private final int[] classOf = new int[256];
    private final int count;

    /** The classes that the sets make. NUL has one of its own: it parts the fields of a key and is in no string. */
    ByteClasses(Collection<ByteSet> sets) {
        split(ByteSet.of(0));
        for (ByteSet set : sets) {
            split(set);
        }
        this.count = number();
    }

    private void split(ByteSet set) {
        Map<Integer, Integer> inside = new HashMap<>();
        int next = 256;
        for (int value = 0; value < 256; value++) {
            if (set.contains(value)) {
                Integer part = inside.get(classOf[value]);
                if (part == null) {
                    part = next++;
                    inside.put(classOf[value], part);
                }
                classOf[value] = part;
            }
        }
        number();
    }

    private int number() {
        Map<Integer, Integer> numbers = new HashMap<>();
        for (int value = 0; value < 256; value++) {
            Integer number = numbers.get(classOf[value]);
            if (number == null) {
                number = numbers.size();
                numbers.put(classOf[value], number);
            }
            classOf[value] = number;
        }
        return numbers.size();
    }

    int count() {
        return count;
    }

    int of(int value) {
        return classOf[value];
    }

    /** The classes whose bytes are in a set; each is in it as a whole or not at all. */
    int[] in(ByteSet set) {
        boolean[] is = new boolean[count];
        int size = 0;
        for (int value = 0; value < 256; value++) {
            if (set.contains(value) && !is[classOf[value]]) {
                is[classOf[value]] = true;
                size++;
            }
        }
        int[] classes = new int[size];
        int i = 0;
        for (int number = 0; number < count; number++) {
            if (is[number]) {
                classes[i++] = number;
            }
        }
        return classes;
    }
}
