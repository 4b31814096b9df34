package io.bpfguard.policy.compiled;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A program that this project did not compile, with the values of its constants: a step of a chain like a stock matcher. Its
 * object follows {@code bpf/src/main/c/program.h}. Equal names, bytes and values are equal programs.
 */
public final class CustomProgram {
    private final String name;
    private final byte[] image;
    private final SortedMap<String, byte[]> constants;
    private final String digest;

    /**
     * Takes copies.
     *
     * @param name of the object's file
     * @param image the object's bytes
     * @param constants by the name of the variable, exactly as many bytes as it has
     */
    public CustomProgram(String name, byte[] image, Map<String, byte[]> constants) {
        this.name = Objects.requireNonNull(name, "name is null");
        this.image = image.clone();
        SortedMap<String, byte[]> copies = new TreeMap<>();
        constants.forEach((constant, value) -> copies.put(constant, value.clone()));
        this.constants = Collections.unmodifiableSortedMap(copies);
        this.digest = digest(name, this.image, copies);
    }

    private static String digest(String name, byte[] image, SortedMap<String, byte[]> constants) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            update(sha, name.getBytes(StandardCharsets.UTF_8));
            update(sha, image);
            constants.forEach((constant, value) -> {
                update(sha, constant.getBytes(StandardCharsets.UTF_8));
                update(sha, value);
            });
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    /** With the length before the bytes, so that two pieces are not taken for two others. */
    private static void update(MessageDigest sha, byte[] bytes) {
        sha.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
        sha.update(bytes);
    }

    /** The name of the object's file. */
    public String name() {
        return name;
    }

    /** A copy of the object's bytes. */
    public byte[] image() {
        return image.clone();
    }

    /** The values of constants by name; the arrays are the program's own and must not be changed. */
    public SortedMap<String, byte[]> constants() {
        return constants;
    }

    /** SHA-256 over the name, the object and the values, in hexadecimal: tells programs apart. */
    public String digest() {
        return digest;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CustomProgram that && digest.equals(that.digest);
    }

    @Override
    public int hashCode() {
        return digest.hashCode();
    }

    @Override
    public String toString() {
        return name + " (" + digest.substring(0, 12) + ")";
    }
}
