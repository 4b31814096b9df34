package io.bpfguard.policy.model;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;

/**
 * A glob: {@code *}, {@code **}, {@code ?}, {@code [a-z]}, {@code [!x]}, {@code {a,b}} and backslash, as
 * {@code policies/README.md} describes them. It matches whole strings of bytes; text stands for its UTF-8 bytes.
 *
 * @param text as it was written
 * @param kind what it is matched against
 * @param alternatives what its braces expand to; it matches what one of them matches
 */
public record Glob(String text, Kind kind, List<List<GlobToken>> alternatives) {
    /** What a glob is matched against. */
    public enum Kind {
        /** An absolute path: {@code *}, {@code ?} and {@code [!x]} do not match a slash. */
        PATH,
        /** A name, which has no slash. */
        NAME,
        /** A name, in which a slash is a byte like any other. */
        TEXT
    }

    public Glob {
        alternatives = alternatives.stream().map(List::copyOf).toList();
    }

    /** Reads a glob. */
    public static Glob parse(String text, Kind kind) throws GlobSyntaxException {
        return new Glob(text, kind, new GlobParser(text, kind).parse());
    }

    /** Whether the glob matches the name: for selectors, in user space. The kernel's decisions go through a DFA. */
    public boolean matches(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return alternatives.stream().anyMatch(tokens -> matches(tokens, bytes));
    }

    /** Keeps the set of tokens that can be next, byte by byte: no backtracking. */
    private static boolean matches(List<GlobToken> tokens, byte[] bytes) {
        BitSet next = new BitSet(tokens.size() + 1);
        next.set(0);
        skipStars(tokens, next);
        for (byte signed : bytes) {
            int value = signed & 0xff;
            BitSet after = new BitSet(tokens.size() + 1);
            for (int i = next.nextSetBit(0); i >= 0 && i < tokens.size(); i = next.nextSetBit(i + 1)) {
                switch (tokens.get(i)) {
                    case GlobToken.One one when one.bytes().contains(value) -> after.set(i + 1);
                    case GlobToken.One _ -> { }
                    case GlobToken.Component _ when ByteSet.NOT_SLASH.contains(value) -> after.set(i);
                    case GlobToken.Component _ -> { }
                    case GlobToken.Anything _ -> after.set(i);
                    case GlobToken.Directories _, GlobToken.Many _, GlobToken.OneOf _ -> throw new IllegalStateException("not a glob for names");
                }
            }
            skipStars(tokens, after);
            next = after;
        }
        return next.get(tokens.size());
    }

    private static void skipStars(List<GlobToken> tokens, BitSet next) {
        for (int i = next.nextSetBit(0); i >= 0 && i < tokens.size(); i = next.nextSetBit(i + 1)) {
            if (!(tokens.get(i) instanceof GlobToken.One)) {
                next.set(i + 1);
            }
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
