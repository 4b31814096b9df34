package io.bpfguard.policy.learn;

import io.bpfguard.policy.model.ByteSet;
import io.bpfguard.policy.model.Glob;
import io.bpfguard.policy.model.GlobSyntaxException;
import io.bpfguard.policy.model.GlobToken;
import java.util.BitSet;
import java.util.List;

/**
 * Globs of paths, as far as learnt ones go: without braces and without {@code **}{@code /}.
 *
 * @param tokens in their order
 */
record Globs(List<GlobToken> tokens) {
    /** Reads one that this package wrote. */
    static Globs of(String glob) {
        try {
            return new Globs(Glob.parse(glob, Glob.Kind.PATH).alternatives().getFirst());
        } catch (GlobSyntaxException e) {
            throw new IllegalStateException("a learnt glob, " + YamlText.quoted(glob) + ", " + e.getMessage(), e);
        }
    }

    /** Whether it leaves something open. */
    boolean isOpen() {
        return tokens.stream().anyMatch(Globs::isStar);
    }

    private static boolean isStar(GlobToken token) {
        return !(token instanceof GlobToken.One);
    }

    /** The bytes that a token takes. */
    private static ByteSet bytes(GlobToken token) {
        return switch (token) {
            case GlobToken.One(ByteSet bytes) -> bytes;
            case GlobToken.Component _ -> ByteSet.NOT_SLASH;
            case GlobToken.Anything _ -> ByteSet.ANY;
            case GlobToken.Directories _, GlobToken.Many _, GlobToken.OneOf _ -> throw new IllegalStateException(token + " in a learnt glob");
        };
    }

    /** Whether both match some path. */
    boolean meets(Globs other) {
        int width = other.tokens.size() + 1;
        BitSet reached = new BitSet();
        reached.set(0);
        // Each step goes to a higher number, so one pass sees all.
        for (int state = 0; state >= 0; state = reached.nextSetBit(state + 1)) {
            int mine = state / width;
            int its = state % width;
            boolean isMyEnd = mine == tokens.size();
            boolean isItsEnd = its == other.tokens.size();
            if (isMyEnd && isItsEnd) {
                return true;
            }
            boolean isMyStar = !isMyEnd && isStar(tokens.get(mine));
            boolean isItsStar = !isItsEnd && isStar(other.tokens.get(its));
            if (isMyStar) {
                reached.set(state + width);
            }
            if (isItsStar) {
                reached.set(state + 1);
            }
            if (!isMyEnd && !isItsEnd && !bytes(tokens.get(mine)).intersection(bytes(other.tokens.get(its))).isEmpty()) {
                reached.set(state + (isMyStar ? 0 : width) + (isItsStar ? 0 : 1));
            }
        }
        return false;
    }

    /** Whether this matches all that the other matches, as far as that is plain: never true where it does not. */
    boolean covers(Globs other) {
        BitSet places = new BitSet();
        places.set(0);
        skipStars(places);
        for (GlobToken token : other.tokens) {
            BitSet after = new BitSet();
            for (int place = places.nextSetBit(0); place >= 0 && place < tokens.size(); place = places.nextSetBit(place + 1)) {
                GlobToken mine = tokens.get(place);
                boolean isTaken = bytes(token).minus(bytes(mine)).isEmpty();
                if (isTaken && isStar(mine)) {
                    after.set(place);
                } else if (isTaken && !isStar(token)) {
                    after.set(place + 1);
                }
            }
            skipStars(after);
            places = after;
        }
        return places.get(tokens.size());
    }

    private void skipStars(BitSet places) {
        for (int place = places.nextSetBit(0); place >= 0 && place < tokens.size(); place = places.nextSetBit(place + 1)) {
            if (isStar(tokens.get(place))) {
                places.set(place + 1);
            }
        }
    }
}
