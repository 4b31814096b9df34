package io.bpfguard.policy.model;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads one glob: braces expand first, as in a shell; then runs of stars get their meaning from what stands around them.
 * Refuses what can never match, because it looks like protection and is none.
 */
final class GlobParser {
    private static final int MAX_BYTES = 4095;
    private static final int MAX_ALTERNATIVES = 1000;
    private static final GlobToken SLASH = new GlobToken.One(ByteSet.of('/'));
    private static final GlobToken DOT = new GlobToken.One(ByteSet.of('.'));
    private static final GlobToken STAR = new GlobToken.Component();
    private static final GlobToken ANYTHING = new GlobToken.Anything();
    private static final GlobToken DIRECTORIES = new GlobToken.Directories();

    private final String text;
    private final boolean isPath;
    private final boolean hasSlashes;
    private int position;

    GlobParser(String text, Glob.Kind kind) {
        this.text = text;
        this.isPath = kind == Glob.Kind.PATH;
        this.hasSlashes = kind != Glob.Kind.NAME;
    }

    List<List<GlobToken>> parse() throws GlobSyntaxException {
        if (text.isEmpty()) {
            throw new GlobSyntaxException("is empty");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new GlobSyntaxException("holds half a character (an unpaired surrogate)");
        }
        if (text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
            throw new GlobSyntaxException("is longer than " + MAX_BYTES + " bytes, the longest path there is");
        }
        List<List<GlobToken>> expanded = sequence(0);
        List<List<GlobToken>> alternatives = new ArrayList<>();
        for (List<GlobToken> pieces : expanded) {
            List<GlobToken> tokens = joinStars(pieces);
            if (isPath) {
                checkPath(tokens);
            } else if (tokens.isEmpty()) {
                throw new GlobSyntaxException("has an empty alternative, which matches nothing");
            }
            alternatives.add(tokens);
        }
        return alternatives.stream().distinct().toList();
    }

    /** Reads up to the end, or inside braces up to a comma or the closing brace, which stays unread. */
    private List<List<GlobToken>> sequence(int depth) throws GlobSyntaxException {
        List<List<GlobToken>> results = List.of(List.of());
        while (position < text.length()) {
            int character = text.codePointAt(position);
            if (depth > 0 && (character == ',' || character == '}')) {
                return results;
            }
            position += Character.charCount(character);
            results = switch (character) {
                case '{' -> product(results, braces(depth));
                case '}' -> throw new GlobSyntaxException("has a } without {; write \\} for the character itself");
                case '*' -> product(results, List.of(List.of(STAR)));
                case '?' -> product(results, one(others()));
                case '[' -> product(results, one(characterClass()));
                case '\\' -> product(results, List.of(escaped()));
                default -> product(results, List.of(literal(character)));
            };
        }
        if (depth > 0) {
            throw new GlobSyntaxException("has a { without }; write \\{ for the character itself");
        }
        return results;
    }

    private List<List<GlobToken>> braces(int depth) throws GlobSyntaxException {
        if (depth == 16) {
            throw new GlobSyntaxException("nests braces deeper than 16");
        }
        List<List<GlobToken>> results = new ArrayList<>();
        while (true) {
            results.addAll(sequence(depth + 1));
            limit(results.size());
            if (text.charAt(position++) == '}') {
                return results;
            }
        }
    }

    private List<List<GlobToken>> product(List<List<GlobToken>> left, List<List<GlobToken>> right)
            throws GlobSyntaxException {
        limit((long) left.size() * right.size());
        List<List<GlobToken>> results = new ArrayList<>(left.size() * right.size());
        for (List<GlobToken> head : left) {
            for (List<GlobToken> tail : right) {
                List<GlobToken> joined = new ArrayList<>(head.size() + tail.size());
                joined.addAll(head);
                joined.addAll(tail);
                results.add(joined);
            }
        }
        return results;
    }

    private static void limit(long alternatives) throws GlobSyntaxException {
        if (alternatives > MAX_ALTERNATIVES) {
            throw new GlobSyntaxException("has braces that expand to more than " + MAX_ALTERNATIVES + " alternatives");
        }
    }

    private List<GlobToken> escaped() throws GlobSyntaxException {
        if (position == text.length()) {
            throw new GlobSyntaxException("ends in a backslash, which must stand before the character it escapes");
        }
        int character = text.codePointAt(position);
        position += Character.charCount(character);
        return literal(character);
    }

    private List<GlobToken> literal(int character) throws GlobSyntaxException {
        if (character == 0) {
            throw new GlobSyntaxException("holds a NUL, which no name can hold");
        }
        if (character == '/' && !hasSlashes) {
            throw new GlobSyntaxException("holds a /, which this kind of name never does");
        }
        List<GlobToken> tokens = new ArrayList<>();
        for (byte value : Character.toString(character).getBytes(StandardCharsets.UTF_8)) {
            tokens.add(new GlobToken.One(ByteSet.of(value & 0xff)));
        }
        return tokens;
    }

    private static List<List<GlobToken>> one(ByteSet bytes) {
        return List.of(List.of(new GlobToken.One(bytes)));
    }

    private ByteSet others() {
        return isPath ? ByteSet.NOT_SLASH : ByteSet.ANY;
    }

    /** Reads a class behind its opening bracket. */
    private ByteSet characterClass() throws GlobSyntaxException {
        boolean negated = position < text.length() && text.charAt(position) == '!';
        if (negated) {
            position++;
        } else if (position < text.length() && text.charAt(position) == '^') {
            throw new GlobSyntaxException("has a class that begins with ^; write [!...] for \"none of\", [\\^...] for the character");
        }
        ByteSet bytes = ByteSet.NONE;
        boolean first = true;
        while (true) {
            if (position < text.length() && text.charAt(position) == ']' && !first) {
                position++;
                break;
            }
            first = false;
            int from = classMember();
            int to = from;
            if (position + 1 < text.length() && text.charAt(position) == '-' && text.charAt(position + 1) != ']') {
                position++;
                to = classMember();
            }
            if (to < from) {
                throw new GlobSyntaxException("has the range %c-%c, which is the wrong way round".formatted(from, to));
            }
            bytes = bytes.union(ByteSet.range(from, to));
        }
        if (isPath && bytes.contains('/') && !negated) {
            throw new GlobSyntaxException("has a / in a class; only a / of its own matches one");
        }
        return negated ? others().minus(bytes) : bytes;
    }

    private int classMember() throws GlobSyntaxException {
        if (position < text.length() && text.charAt(position) == '\\') {
            position++;
        }
        if (position >= text.length()) {
            throw new GlobSyntaxException("has a [ without ]; write \\[ for the character itself");
        }
        int character = text.codePointAt(position);
        if (character == 0 || character > 127) {
            throw new GlobSyntaxException("has a character beyond ASCII in a class, which matches one byte; use {x,y} instead");
        }
        position++;
        return character;
    }

    /** Gives runs of stars their meaning. */
    private List<GlobToken> joinStars(List<GlobToken> pieces) {
        List<GlobToken> tokens = new ArrayList<>();
        int i = 0;
        while (i < pieces.size()) {
            int start = i;
            while (i < pieces.size() && pieces.get(i).equals(STAR)) {
                i++;
            }
            int stars = i - start;
            if (stars == 0) {
                tokens.add(pieces.get(i++));
            } else if (!isPath) {
                tokens.add(ANYTHING);
            } else if (stars == 1) {
                tokens.add(STAR);
            } else if (i < pieces.size() && pieces.get(i).equals(SLASH) && atDirectory(tokens)) {
                i++;
                if (!tokens.getLast().equals(DIRECTORIES)) {
                    tokens.add(DIRECTORIES);
                }
            } else {
                tokens.add(ANYTHING);
            }
        }
        return tokens;
    }

    private static boolean atDirectory(List<GlobToken> tokens) {
        return !tokens.isEmpty() && (tokens.getLast().equals(SLASH) || tokens.getLast().equals(DIRECTORIES));
    }

    private static void checkPath(List<GlobToken> tokens) throws GlobSyntaxException {
        if (tokens.isEmpty() || !tokens.getFirst().equals(SLASH) && !tokens.getFirst().equals(ANYTHING)) {
            throw new GlobSyntaxException("must start with / or **, because it is matched against whole paths");
        }
        if (tokens.size() > 1 && atDirectory(tokens)) {
            throw new GlobSyntaxException("ends in /, which no path does; write .../** for what is below the directory");
        }
        for (int i = 1; i < tokens.size(); i++) {
            if (tokens.get(i).equals(SLASH) && atDirectory(tokens.subList(0, i))) {
                throw new GlobSyntaxException("has two slashes in a row, which no path has");
            }
            if (isDots(tokens, i)) {
                throw new GlobSyntaxException("has a component . or .., which no path has by the time it is judged");
            }
        }
    }

    private static boolean isDots(List<GlobToken> tokens, int start) {
        if (!atDirectory(tokens.subList(0, start))) {
            return false;
        }
        int end = start;
        while (end < tokens.size() && tokens.get(end).equals(DOT)) {
            end++;
        }
        return end > start && end - start <= 2 && (end == tokens.size() || tokens.get(end).equals(SLASH));
    }
}
