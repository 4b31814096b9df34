package io.bpfguard.policy.compile;

import io.bpfguard.policy.model.ByteSet;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;

/**
 * Where an automaton over paths stands behind names that no glob mentions, at whatever depth: only what globs that begin with
 * {@code **} say is left, which they say of every directory. So nothing below such a name is about that name.
 *
 * @param name the state behind the name of a file; -1 = no rule can match any more
 * @param directory the state behind a directory's name and a slash; likewise
 */
record PlainNames(int name, int directory) {
    /** Longer than names are, and deeper than globs without {@code **} look. */
    private static final int NAME = 256;
    private static final int DEPTH = 256;

    /** Empty where there is no byte that no glob mentions, or no end of differences. */
    static Optional<PlainNames> of(Dfa dfa, Collection<ByteSet> byteSets) {
        int[] byPlain = new int[dfa.states()];
        int[] bySlash = new int[dfa.states()];
        int plain = plainByte(byteSets);
        if (plain < 0) {
            return Optional.empty();
        }
        Arrays.fill(byPlain, -1);
        Arrays.fill(bySlash, -1);
        for (int i = 0; i < dfa.from().length; i++) {
            if (dfa.label()[i] == dfa.classes().of(plain)) {
                byPlain[dfa.from()[i]] = dfa.to()[i];
            }
            if (dfa.label()[i] == dfa.classes().of('/')) {
                bySlash[dfa.from()[i]] = dfa.to()[i];
            }
        }
        int directory = follow(bySlash, 0);
        for (int depth = 0; depth < DEPTH; depth++) {
            int name = directory;
            for (int length = 0; length < NAME; length++) {
                name = follow(byPlain, name);
            }
            int next = follow(bySlash, name);
            if (next == directory && follow(byPlain, name) == name) {
                return Optional.of(new PlainNames(name, directory));
            }
            directory = next;
        }
        return Optional.empty();
    }

    private static int follow(int[] transitions, int state) {
        return state < 0 ? state : transitions[state];
    }

    private static int plainByte(Collection<ByteSet> byteSets) {
        for (int value = 1; value < 256; value++) {
            int candidate = value;
            if (value != '/' && byteSets.stream().noneMatch(set -> set.contains(candidate) && !set.equals(ByteSet.ANY)
                    && !set.equals(ByteSet.NOT_SLASH))) {
                return value;
            }
        }
        return -1;
    }
}
