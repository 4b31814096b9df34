package io.bpfguard.bpf.routing;

import io.bpfguard.bpf.libbpf.BpfObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** The sizes and offsets that this side shares with the C headers; compared with what the compiled programs say before any is loaded. */
public final class Layout {
    static final int LABEL_SIZE = 20;
    static final int CONTAINER_SIZE = 240;
    static final int ROUTE_SIZE = 256;
    static final int CHAIN_SIZE = 264;
    static final int EVENT_SIZE = 1176;
    static final int EVENT_OBJECT = 152;
    static final int CONTAINER_NAME = 112;
    static final int OBJECT_SIZE = 1024;
    static final int NAME_SIZE = 128;
    static final int HOOKS = 64;
    static final int STEPS = 32;
    static final int BLOCK_SIZE = 65536;
    static final int RULESET_VERSION = 2;
    /** The first slot of a hook's program array that is for custom programs. */
    static final int FIRST_PROGRAM_SLOT = 16;
    /** How many slots it has: {@code steps} in chain.h. */
    static final int SLOTS = 64;
    private static final int LAYOUT_VERSION = 4;
    /** The name of the variable in layout.h. */
    public static final String CONSTANT = "layout";

    private static final List<Integer> EXPECTED = List.of(LABEL_SIZE, CONTAINER_SIZE, ROUTE_SIZE, CHAIN_SIZE, EVENT_SIZE,
            EVENT_OBJECT, CONTAINER_NAME, OBJECT_SIZE, NAME_SIZE, HOOKS, STEPS, BLOCK_SIZE, RULESET_VERSION,
            FIRST_PROGRAM_SLOT, LAYOUT_VERSION);

    private Layout() {}

    /**
     * Compares with the constant {@code layout} of layout.h.
     *
     * @throws IllegalStateException if they differ: the build put together two versions
     */
    static void check(BpfObject lifecycle) {
        if (!matches(lifecycle)) {
            throw new IllegalStateException("the kernel programs in this build have another layout than the Java classes: "
                    + said(lifecycle) + " is not " + EXPECTED + "; rebuild from one checkout");
        }
    }

    /** Whether an object was compiled with the headers that these numbers are of. */
    public static boolean matches(BpfObject object) {
        return said(object).equals(EXPECTED);
    }

    private static List<Integer> said(BpfObject object) {
        ByteBuffer bytes = ByteBuffer.wrap(object.constantBytes(CONSTANT)).order(ByteOrder.LITTLE_ENDIAN);
        List<Integer> found = new ArrayList<>();
        while (bytes.remaining() >= Integer.BYTES) {
            found.add(bytes.getInt());
        }
        return found;
    }
}
