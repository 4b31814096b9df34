package io.bpfguard.install;

import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What the hook files are to say.
 *
 * @param launcher the absolute path of the hook's program
 * @param limitMillis after how long the program gives up by itself; the runtime's own timeout is {@value #MARGIN_SECONDS} seconds more
 * @param annotation which containers get the hook: those with an annotation whose key matches, or all
 */
public record Registration(String launcher, int limitMillis, Optional<String> annotation) {
    /** The limit if nobody says otherwise, in milliseconds. */
    public static final int DEFAULT_LIMIT = 25_000;

    private static final int SHORTEST = 100;
    private static final int LONGEST = 100_000;
    private static final int MARGIN_SECONDS = 5;
    /** What Go's regular expressions and Java's read alike. */
    private static final Pattern PLAIN = Pattern.compile("([A-Za-z0-9/_.^$|()-]|\\\\[./-]|(?<![*+?(|^$])[*+?])+");

    /**
     * Checks what was asked for.
     *
     * @throws InstallException if the limit is out of range, or the expression might be another or none to a runtime
     */
    public static Registration of(String launcher, int limitMillis, Optional<String> annotation) throws InstallException {
        if (limitMillis < SHORTEST || limitMillis > LONGEST) {
            throw new InstallException("a limit of " + limitMillis + " ms is not between " + SHORTEST + " and " + LONGEST);
        }
        if (annotation.isPresent()) {
            checkExpression(annotation.get());
        }
        return new Registration(launcher, limitMillis, annotation);
    }

    /** After how many seconds the runtime kills the program. */
    int timeoutSeconds() {
        return Math.ceilDiv(limitMillis, 1000) + MARGIN_SECONDS;
    }

    private static void checkExpression(String expression) throws InstallException {
        boolean fit = PLAIN.matcher(expression).matches();
        try {
            Pattern.compile(expression);
        } catch (PatternSyntaxException wrong) {
            fit = false;
        }
        if (!fit) {
            throw new InstallException("the expression " + expression + " is not taken: a runtime that cannot read it creates no container at all,"
                    + " so only letters, digits, / _ - and . ^ $ | ( ) * + ? and \\. \\/ \\- can be used, with one repetition each");
        }
    }
}
