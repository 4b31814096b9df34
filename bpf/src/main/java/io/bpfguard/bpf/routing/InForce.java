package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The policies in force on the node, as the kernel's state says.
 *
 * @param digest 32 bytes that tell them from others
 * @param generation their number, from 1
 */
public record InForce(byte[] digest, int generation) {
    /** The name of the map and of its pin. */
    static final String MAP = "in_force";
    private static final int DIGEST_SIZE = 32;
    private static final int SIZE = DIGEST_SIZE + 8;

    public InForce {
        digest = digest.clone();
        if (digest.length != DIGEST_SIZE) {
            throw new IllegalArgumentException("a digest of " + digest.length + " bytes");
        }
    }

    /** Makes the map of a new state: nothing is in force. */
    static void create(Path maps) {
        try (BpfMap map = BpfMap.create(BpfMap.Type.ARRAY, MAP, Integer.BYTES, SIZE, 1, 0)) {
            map.pin(maps.resolve(MAP));
        }
    }

    static Optional<InForce> read(BpfMap map) {
        ByteBuffer value = ByteBuffer.wrap(map.lookup(BpfMap.u32(0)).orElseThrow()).order(ByteOrder.LITTLE_ENDIAN);
        int generation = value.getInt(DIGEST_SIZE);
        return generation == 0 ? Optional.empty() : Optional.of(new InForce(Arrays.copyOf(value.array(), DIGEST_SIZE), generation));
    }

    void write(BpfMap map) {
        map.update(BpfMap.u32(0), ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN).put(digest).putInt(generation).array());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof InForce that && generation == that.generation && Arrays.equals(digest, that.digest);
    }

    @Override
    public int hashCode() {
        return 31 * generation + Arrays.hashCode(digest);
    }

    /** The digest in hexadecimal, as the name of the policies' file has it. */
    public String name() {
        return HexFormat.of().formatHex(digest);
    }

    @Override
    public String toString() {
        return "generation " + generation + " (" + name().substring(0, 12) + ")";
    }
}
