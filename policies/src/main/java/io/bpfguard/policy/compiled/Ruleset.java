package io.bpfguard.policy.compiled;

import java.util.Arrays;
import java.util.Objects;

/**
 * The tables that one matcher reads for one decision, as bytes laid out as {@code bpf/src/main/c/ruleset.h} says. Equal
 * bytes are equal rulesets, so containers with the same policies share them in the kernel.
 */
public final class Ruleset {
    private final Matcher matcher;
    private final byte[] image;

    /** Takes a copy of {@code image}. */
    public Ruleset(Matcher matcher, byte[] image) {
        this.matcher = Objects.requireNonNull(matcher, "matcher is null");
        this.image = image.clone();
    }

    /** The matcher that reads these tables. */
    public Matcher matcher() {
        return matcher;
    }

    /** A copy of the bytes; the kernel side pads them to whole blocks of 64 KiB. */
    public byte[] image() {
        return image.clone();
    }

    /** The number of bytes. */
    public int size() {
        return image.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Ruleset that && matcher == that.matcher && Arrays.equals(image, that.image);
    }

    @Override
    public int hashCode() {
        return 31 * matcher.hashCode() + Arrays.hashCode(image);
    }

    @Override
    public String toString() {
        return "Ruleset[" + matcher + ", " + image.length + " bytes]";
    }
}
