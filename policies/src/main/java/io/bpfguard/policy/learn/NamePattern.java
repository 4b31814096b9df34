package io.bpfguard.policy.learn;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Globs for single names, in which what is another at each run is left open: process numbers, dates, the letters of mktemp, UUIDs. A name has
 * at most one open place: automata for several open places in many names grow exponentially.
 */
final class NamePattern {
    /** What a decoder puts for bytes that are no UTF-8: one for up to three bytes. */
    private static final int ODD = 0xfffd;
    private static final String ANY = "*";
    private static final String ODD_BYTES = "?*";
    private static final String NUMBER = "[0-9]*";
    private static final String SPECIAL = "\\*?[]{}";
    private static final int LONG_NUMBER = 4;
    private static final Set<String> TEMPORARY = Set.of("/tmp", "/var/tmp", "/dev/shm");
    /** The names of tempfile in Python and its like, and of sed -i: no digit need be in them. */
    private static final Pattern TEMPORARY_NAME = Pattern.compile("([._-]?(?:tmp|temp)[._-]?|sed)[A-Za-z0-9_]{6,12}");
    private static final Pattern SED_NAME = Pattern.compile("(sed)[A-Za-z0-9]{6}");
    /** The end of a name that mktemp made: six or ten of any letters and digits. */
    private static final Pattern MKTEMP = Pattern.compile("(.*[._-])([A-Za-z0-9]{6}|[A-Za-z0-9]{10})");
    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9]+");
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{8,}|[0-9A-F]{8,}");
    private static final Pattern TRAILING_NUMBER = Pattern.compile("(.*[^0-9])([0-9]{4,})");
    private static final int LONG_WORD = 32;
    private static final int SHORTEST_RANDOM = 6;
    private static final int RANDOM_CHANGES = 3;

    private NamePattern() {}

    /** The glob that matches the name and no other, but for bytes that are not known. */
    static String literal(String name) {
        List<String> pieces = new ArrayList<>();
        addLiteral(pieces, name);
        return join(pieces);
    }

    /**
     * A glob that matches the name.
     *
     * @param directory the path of the directory that it is in; for names elsewhere empty
     */
    static String of(String name, String directory) {
        List<String> pieces = new ArrayList<>();
        Matcher temporary = (TEMPORARY.contains(directory) ? TEMPORARY_NAME : SED_NAME).matcher(name);
        Matcher suffixed = MKTEMP.matcher(name);
        if (temporary.matches()) {
            addLiteral(pieces, temporary.group(1));
            pieces.add(ANY);
        } else if (suffixed.matches() && changes(suffixed.group(2)) >= 2) {
            addWords(pieces, suffixed.group(1));
            pieces.add(ANY);
        } else {
            addWords(pieces, name);
        }
        return join(pieces);
    }

    /** Whether all bytes of a name are known. */
    static boolean isKnown(String name) {
        return name.codePoints().noneMatch(NamePattern::isOdd);
    }

    private static boolean isOdd(int character) {
        return character == ODD || character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE;
    }

    private static void addWords(List<String> pieces, String name) {
        Matcher words = WORD.matcher(name);
        int end = 0;
        while (words.find()) {
            addLiteral(pieces, name.substring(end, words.start()));
            addWord(pieces, words.group(), words.group().equals(name));
            end = words.end();
        }
        addLiteral(pieces, name.substring(end));
    }

    private static void addWord(List<String> pieces, String word, boolean isWholeName) {
        Matcher trailing = TRAILING_NUMBER.matcher(word);
        if (word.chars().allMatch(Character::isDigit)) {
            if (isWholeName || word.length() >= LONG_NUMBER) {
                pieces.add(NUMBER);
            } else {
                pieces.add(word);
            }
        } else if (isRandom(word)) {
            pieces.add(ANY);
        } else if (trailing.matches()) {
            pieces.add(trailing.group(1));
            pieces.add(NUMBER);
        } else {
            pieces.add(word);
        }
    }

    private static boolean isRandom(String word) {
        boolean hasDigit = word.chars().anyMatch(Character::isDigit);
        return word.length() >= LONG_WORD || hasDigit && (HEX.matcher(word).matches()
                || word.length() >= SHORTEST_RANDOM && changes(word) >= RANDOM_CHANGES && word.chars().anyMatch(Character::isUpperCase)
                        && word.chars().anyMatch(Character::isLowerCase));
    }

    /** How often the word goes from capitals to small letters, to digits, and back. */
    private static int changes(String word) {
        int changes = 0;
        for (int i = 1; i < word.length(); i++) {
            changes += kind(word.charAt(i)) == kind(word.charAt(i - 1)) ? 0 : 1;
        }
        return changes;
    }

    private static int kind(char character) {
        return Character.isDigit(character) ? 0 : Character.isUpperCase(character) ? 1 : 2;
    }

    private static void addLiteral(List<String> pieces, String text) {
        StringBuilder literal = new StringBuilder();
        text.codePoints().forEach(character -> {
            if (isOdd(character)) {
                pieces.add(literal.toString());
                pieces.add(ODD_BYTES);
                literal.setLength(0);
            } else {
                literal.append(SPECIAL.indexOf(character) >= 0 ? "\\" : "").appendCodePoint(character);
            }
        });
        pieces.add(literal.toString());
    }

    private static boolean isOpen(String piece) {
        return piece.equals(ANY) || piece.equals(NUMBER) || piece.equals(ODD_BYTES);
    }

    /** With all from the first to the last open place open. */
    private static String join(List<String> all) {
        List<String> pieces = all.stream().filter(piece -> !piece.isEmpty()).toList();
        int first = 0;
        while (first < pieces.size() && !isOpen(pieces.get(first))) {
            first++;
        }
        int last = pieces.size() - 1;
        while (last > first && !isOpen(pieces.get(last))) {
            last--;
        }
        if (first >= pieces.size()) {
            return String.join("", pieces);
        }
        return String.join("", pieces.subList(0, first)) + pieces.get(first) + String.join("", pieces.subList(last + 1, pieces.size()));
    }
}
