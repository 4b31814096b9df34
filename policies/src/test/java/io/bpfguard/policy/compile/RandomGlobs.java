package io.bpfguard.policy.compile;

import java.util.List;
import java.util.random.RandomGenerator;

/** Random globs and strings over few letters, so that they meet often. */
final class RandomGlobs {
    private static final List<String> PIECES = List.of("a", "b", "c", "ab", "é", ".", "*", "?", "**", "[ab]", "[!a]",
            "[a-c]", "[]a]",
            "[a-]", "{a,b}", "{ab,c*,}", "{a,{b,c}}", "\\*", "\\{", "-", "]", ",");
    private static final List<String> LETTERS = List.of("a", "b", "c", "a", "b", "é", ".", "*", "-", "]", "{", ",",
            "\n");

    private final RandomGenerator random;

    RandomGlobs(RandomGenerator random) {
        this.random = random;
    }

    /** Text that is most often a path glob. */
    String path() {
        StringBuilder glob = new StringBuilder(random.nextInt(8) == 0 ? "**" : "");
        int components = 1 + random.nextInt(3);
        for (int i = 0; i < components; i++) {
            glob.append('/').append(random.nextInt(4) == 0 ? "**" : word(PIECES, 1 + random.nextInt(3)));
        }
        return glob.toString();
    }

    /** Text that is most often a name glob. */
    String name() {
        return word(PIECES, 1 + random.nextInt(4));
    }

    /** A string that has a chance to match the glob: what a glob can match, with some changes. */
    String like(String glob) {
        StringBuilder text = new StringBuilder();
        List<String> expanded = ReferenceMatcher.expand(glob);
        String pattern = expanded.get(random.nextInt(expanded.size()));
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (random.nextInt(20) == 0) {
                text.append(letter());
            }
            switch (c) {
                case '*' -> text.append(random.nextInt(3) == 0 ? "a/" : word(LETTERS, random.nextInt(3)));
                case '?' -> text.append(letter());
                case '[' -> {
                    i = pattern.indexOf(']', i + (pattern.charAt(i + 1) == '!' ? 3 : 2));
                    text.append(letter());
                }
                case '\\' -> text.append(pattern.charAt(++i));
                default -> text.append(c);
            }
        }
        if (random.nextInt(10) == 0 && text.length() > 1) {
            text.deleteCharAt(random.nextInt(text.length()));
        }
        return text.toString();
    }

    private String letter() {
        return LETTERS.get(random.nextInt(LETTERS.size()));
    }

    private String word(List<String> letters, int length) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < length; i++) {
            word.append(letters.get(random.nextInt(letters.size())));
        }
        return word.toString();
    }
}
