package io.bpfguard.policy.compiled;

/**
 * A field of the key that a matcher looks up: what it sees of the operation at hand, as bytes
 * ({@code bpf/src/main/c/ruleset.h} has the order and the meaning of each). Integers are big-endian, so that equality,
 * ranges and masks are sets of byte sequences. Strings end with a NUL, but for one that is a key's last field.
 */
public enum KeyField {
    /** What kind of file it is: bits of {@link FileKind}. */
    FILE_KIND(1),
    /** A device node: {@link Device}; zeros for other files. */
    DEVICE(8),
    /** The type of the file system that holds a file. */
    FILE_SYSTEM(0),
    /** The path of the program that the task runs. */
    SOURCE(0),
    /** The arguments of a program behind its name: byte 1, then each with a byte 1 behind it. A byte 1 inside one is shown as 2. */
    PROGRAM_ARGUMENTS(0),
    /** A file's path. */
    PATH(0),
    /**
     * The flags of mount(2) or of a mount's attributes, as {@code MS_…} bits. Bit {@value #NO_MOUNT_SOURCE}: its source is not
     * known, or it has none; bit {@value #NO_MOUNT_FLAGS}: it has no flags.
     */
    MOUNT_FLAGS(8),
    /** The source of a file system that is mounted: the first argument of mount(2), or what fsconfig(2) set. */
    MOUNT_SOURCE(0),
    /** The type of a file system that is mounted, or the word for a use of mount(2) without one. */
    FILE_SYSTEM_TYPE(0),
    /** A socket's address family, as {@code AF_…}. */
    SOCKET_FAMILY(2),
    /** A socket's type, as {@code SOCK_…} without its flags. */
    SOCKET_TYPE(2),
    /** A socket's protocol, as {@code IPPROTO_…}. */
    SOCKET_PROTOCOL(2),
    /** A port. */
    PORT(2),
    /** Byte 4 and an IPv4 address as {@code ::ffff:a.b.c.d}, byte 6 and an IPv6 address, or zeros where there is none. */
    ADDRESS(17),
    /** A Unix socket's address: a path, or byte 1 and an abstract name, which may have any bytes; empty where there is none. */
    SOCKET_NAME(0),
    /** The first of the values that a ruleset of {@link Matcher#ARGUMENTS} takes. */
    ARGUMENT_0(0),
    /** The second. */
    ARGUMENT_1(0),
    /** The third. */
    ARGUMENT_2(0),
    /** The fourth. */
    ARGUMENT_3(0),
    /** The fifth. */
    ARGUMENT_4(0),
    /** The sixth. */
    ARGUMENT_5(0),
    /** The seventh. */
    ARGUMENT_6(0),
    /** The eighth. */
    ARGUMENT_7(0);

    /** A bit of {@link #MOUNT_FLAGS}. */
    public static final int NO_MOUNT_SOURCE = 62;
    /** Likewise. */
    public static final int NO_MOUNT_FLAGS = 63;

    private final int width;

    KeyField(int width) {
        this.width = width;
    }

    /** The number of bytes of an integer; 0 for a string, and for arguments, whose {@link Extractor} says it. */
    public int width() {
        return width;
    }
}
