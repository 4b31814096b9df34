package io.bpfguard.hook;

import io.bpfguard.policy.model.Printable;

/**
 * The hook cannot tell what a container is, or where: the container must not start without its policies. The message is one
 * line that says cause and remedy, made for the runtime's error text. It may quote what others wrote: every character that
 * could move a terminal's cursor or end the line is shown escaped.
 */
public final class HookException extends Exception {
    /** Takes the message as it is to be read; it may contain input. */
    public HookException(String message) {
        super(escaped(message));
    }

    /** Takes the message as it is to be read, and what led to it. */
    public HookException(String message, Throwable cause) {
        super(escaped(message), cause);
    }

    private static String escaped(String text) {
        StringBuilder line = new StringBuilder(text.length());
        int next;
        for (int at = 0; at < text.length(); at = next) {
            int character = text.codePointAt(at);
            next = at + Character.charCount(character);
            if (Printable.hasShape(character)) {
                line.appendCodePoint(character);
                continue;
            }
            for (int unit = at; unit < next; unit++) {
                line.append("\\u");
                for (int shift = 12; shift >= 0; shift -= 4) {
                    line.append(Character.forDigit(text.charAt(unit) >> shift & 0xf, 16));
                }
            }
        }
        return line.toString();
    }
}
