package io.bpfguard.policy.model;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A number as a policy writes it: decimal, hexadecimal ({@code 0x}), octal ({@code 0o}), or {@linkplain KernelConstants
 * constants} joined by {@code |}.
 *
 * @param text as it was written
 * @param value between the smallest signed and the largest unsigned number of 64 bits
 */
public record KernelNumber(String text, BigInteger value) {
    private static final BigInteger SMALLEST = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigInteger BEYOND = BigInteger.ONE.shiftLeft(Long.SIZE);
    private static final Pattern DECIMAL = Pattern.compile("-?(0|[1-9][0-9]*)");
    private static final Pattern HEXADECIMAL = Pattern.compile("0[xX][0-9a-fA-F]+");
    private static final Pattern OCTAL = Pattern.compile("0o[0-7]+");
    /** What a number looks like that is written in digits. */
    public static final Pattern DIGITS = Pattern.compile(DECIMAL + "|" + HEXADECIMAL + "|" + OCTAL);

    /** A text is no number; the message continues a sentence that begins with it. */
    public static final class NotANumber extends Exception {
        private static final long serialVersionUID = 1;

        NotANumber(String message) {
            super(message);
        }
    }

    public KernelNumber {
        Objects.requireNonNull(text, "text is null");
        if (value.compareTo(SMALLEST) < 0 || value.compareTo(BEYOND) >= 0) {
            throw new IllegalArgumentException(text + " has more than 64 bits");
        }
    }

    /** Reads a number. */
    public static KernelNumber parse(String text) throws NotANumber {
        BigInteger value;
        if (DECIMAL.matcher(text).matches()) {
            value = new BigInteger(text);
        } else if (HEXADECIMAL.matcher(text).matches()) {
            value = new BigInteger(text.substring(2), 16);
        } else if (OCTAL.matcher(text).matches()) {
            value = new BigInteger(text.substring(2), 8);
        } else if (text.matches("0[0-7]+")) {
            throw new NotANumber("is octal to some YAML parsers and decimal to others; write 0o" + text.substring(1) + " or " + text.replaceFirst("^0+", ""));
        } else {
            value = constants(text);
        }
        if (value.compareTo(SMALLEST) < 0 || value.compareTo(BEYOND) >= 0) {
            throw new NotANumber("has more than 64 bits");
        }
        return new KernelNumber(text, value);
    }

    private static BigInteger constants(String text) throws NotANumber {
        long value = 0;
        for (String name : Arrays.stream(text.split("\\|", -1)).map(String::strip).toList()) {
            value |= KernelConstants.value(name).orElseThrow(() -> new NotANumber("is no number: decimal, 0x…, 0o…, or names of the kernel's constants joined by |; there is no constant \""
                    + name + "\"" + Nearest.hint(name, KernelConstants.names())));
        }
        return new BigInteger(Long.toUnsignedString(value));
    }

    /** Its lowest 64 bits. */
    public long bits() {
        return value.longValue();
    }

    /** Whether it is a number of so many bits, read as signed or as unsigned. */
    public boolean fits(int bits) {
        return value.signum() < 0 ? value.bitLength() < bits : value.bitLength() <= bits;
    }

    @Override
    public String toString() {
        return text;
    }
}
