package io.bpfguard.e2e.scenario;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Random choices that are the same each time. */
final class Chance {
    private final Random random;

    Chance(long seed) {
        random = new Random(seed);
    }

    /** From 0, without the limit. */
    int below(int limit) {
        return random.nextInt(limit);
    }

    /** Both included. */
    long between(long first, long last) {
        return random.nextLong(first, last + 1);
    }

    /** Any of 64 bits. */
    long bits() {
        return random.nextLong();
    }

    /** Whether something happens that does so once in so many times. */
    boolean onceIn(int times) {
        return below(times) == 0;
    }

    <T> T pick(List<T> from) {
        return from.get(below(from.size()));
    }

    /** So many different ones, in an order of their own. */
    <T> List<T> some(int count, List<T> from) {
        return shuffled(from).subList(0, count);
    }

    <T> List<T> shuffled(List<T> all) {
        var other = new ArrayList<>(all);
        Collections.shuffle(other, random);
        return other;
    }

    String repeat(int times, Supplier<String> text) {
        return String.join("", several(times, text));
    }

    <T> List<T> several(int times, Supplier<T> one) {
        var all = new ArrayList<T>();
        for (int i = 0; i < times; i++) {
            all.add(one.get());
        }
        return all;
    }
}
