package io.bpfguard.policy.compiled;

/** How {@link KeyField#DEVICE} shows a device node: a byte for the type, three for the major number, four for the minor. */
public final class Device {
    /** The kernel's bound of major numbers: 12 bits. */
    public static final int MAX_MAJOR = (1 << 12) - 1;
    /** The kernel's bound of minor numbers: 20 bits. */
    public static final int MAX_MINOR = (1 << 20) - 1;

    private Device() {}

    /** What a device node is. */
    public enum Type {
        /** Disks and the like. */
        BLOCK('b'),
        /** All others. */
        CHARACTER('c');

        private final char letter;

        Type(char letter) {
            this.letter = letter;
        }

        /** The value of the first byte. */
        public int letter() {
            return letter;
        }
    }

    /** The value of the field. */
    public static long number(Type type, int major, int minor) {
        return (long) type.letter << 56 | (long) major << 32 | minor;
    }
}
